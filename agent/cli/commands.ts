// Every subcommand, in the order that help lists them.
import { command as analyze } from '../analyze/command.ts';
import { command as check } from '../check/command.ts';
import { command as run } from '../run/command.ts';
import type { Command } from './command.ts';

export const COMMANDS: readonly Command[] = [run, analyze, check];
