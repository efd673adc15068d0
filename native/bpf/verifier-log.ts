// Reads the verifier's log down to one line: what it refused, at which instruction and source line, and what usually helps.
import { errnoName } from '../errno.ts';
import { programTypeName } from './program-type.ts';

export interface VerifierSummary {
  /** The verifier's last word; '' when the log is empty. */
  readonly reason: string;
  /** Like "12: (61) r0 = *(u32 *)(r0 +0)". */
  readonly instruction?: string;
  /** The C source line that line_info put into the log, with its place when the kernel gives it. */
  readonly source?: string;
  readonly hint?: string;
}

/** A program that the kernel refused. `log` is the verifier's whole log, the message its one-line summary. */
export class ProgramRefused extends Error {
  override readonly name = 'ProgramRefused';
  readonly program: string;
  readonly errno: number;
  readonly code: string;
  readonly log: string;
  readonly summary: VerifierSummary;

  constructor(program: { readonly name: string; readonly type: number }, errno: number, log: string) {
    const summary = summarizeVerifierLog(log, errno);
    const { reason, instruction, source, hint } = summary;
    const parts = [
      `program ${program.name} (${programTypeName(program.type)}) refused by the kernel with ${errnoName(errno)}`,
      ...(reason === '' ? [] : [`: ${reason}`]),
      ...(instruction === undefined ? [] : [`; instruction ${instruction}`]),
      ...(source === undefined ? [] : [`; source ${source}`]),
      ...(hint === undefined ? [] : [`. Mend: ${hint}`]),
    ];
    super(parts.join(''));
    this.program = program.name;
    this.errno = errno;
    this.code = errnoName(errno);
    this.log = log;
    this.summary = summary;
  }
}

/** Lines that follow the verdict and say nothing about it. */
const STATISTICS = /^(processed \d|verification time|stack depth|mark_precise:|combined |insns processed)/;
const INSTRUCTION = /^\d+: \([0-9a-f]{2}\)/;
/** Register states and branch notes: "1: R0_w=0 R10=fp0", "from 4 to 7: ...", "frame1: R6=...". */
const STATE =
  /^(\d+: (R\d|safe|frame)|from \d+ to \d+|R\d+(_[rw]+)?=|frame\d+:|\d+: $|func#|Func#|arg#\d+ reference|last_idx|regs=|prog '|caller:|callee:|returning from|to caller|;)/;

const HINTS: readonly (readonly [RegExp, string])[] = [
  [/CO-RE relocation failed/, 'guard the field with bpf_core_field_exists, or use a kernel that has it'],
  [/address for kernel symbol/, 'this kernel keeps no addresses of variables (CONFIG_KALLSYMS_ALL)'],
  [
    /map_value_or_null|_or_null'/,
    'compare the pointer with NULL before using it, and read it into a local only once',
  ],
  [/invalid access to packet/, 'compare data + length with data_end before reading'],
  [
    /min value is (negative|outside)|unbounded (min|memory)|max value is outside|R\d+ (unbounded|min)/,
    'bound the index with a mask or a comparison that the compiler keeps',
  ],
  [/unreleased reference|reference leak/i, 'release the socket or object on every path'],
  [
    /too many instructions|BPF program is too large|processed \d+ insns exceeds/,
    'bound the loop, or move its body into a global function',
  ],
  [
    /unknown func|invalid func|helper call is not allowed|program of this type cannot use helper/,
    'this kernel or program type lacks the helper: see sluice check',
  ],
  [/infinite loop|back-edge/, 'use a bounded loop, bpf_loop or can_loop'],
  [
    /kernel function .* is not allowed|calling kernel function/,
    'this kernel does not offer the kfunc to this program type',
  ],
  [
    /stack (size|of) .*(exceed|large)|combined stack size/,
    'keep large values in a per-CPU map: a program has 512 bytes of stack',
  ],
  [/!read_ok|invalid (indirect )?read from stack/, 'initialise the variable on every path, padding included'],
];

const ERRNO_HINTS: Readonly<Record<number, string>> = {
  1: 'run as root or with CAP_BPF, CAP_NET_ADMIN and CAP_PERFMON; for LSM and fentry see sluice check',
  7: 'the program has more instructions than the kernel takes',
  12: 'memory: raise the limit of locked memory or free memory',
  22: 'the kernel may be too old for this program type or attach type: see sluice check',
};

/** What the kernel puts in place of an instruction whose CO-RE relocation failed, seen by the verifier as a helper. */
const FAILED_RELOCATION = 'unknown#195896080';

/** Never throws; an unknown log gives its last line. */
export function summarizeVerifierLog(log: string, errno = 0): VerifierSummary {
  const lines = log.split('\n').map((line) => line.trim());
  const reasons: string[] = [];
  let instruction: string | undefined;
  let source: string | undefined;
  for (const line of lines.toReversed()) {
    if (line === '' || STATISTICS.test(line)) continue;
    if (INSTRUCTION.test(line)) {
      // Register states follow an instruction behind a semicolon.
      instruction ??= line.replace(/\s+; R\d.*$/, '');
    } else if (line.startsWith('; ')) {
      source = line.replace(/^; (.*) @ (.*)$/, '$2: $1').replace(/^; /, '');
      break;
    } else if (instruction === undefined && !STATE.test(line)) {
      reasons.push(line);
    }
  }
  const reason = failedRelocation(lines, reasons[0] ?? '') ?? reasons[0] ?? '';
  const text = [reason, ...reasons].join('\n');
  const hint =
    HINTS.find(([pattern]) => pattern.test(text))?.[1] ?? (log === '' ? ERRNO_HINTS[errno] : undefined);
  return {
    reason,
    ...(instruction === undefined ? {} : { instruction }),
    ...(source === undefined ? {} : { source }),
    ...(hint === undefined ? {} : { hint }),
  };
}

/** Names the field behind "relo #3: substituting insn #17 w/ invalid insn", instead of the helper that it poses as. */
function failedRelocation(lines: readonly string[], reason: string): string | undefined {
  if (!reason.includes(FAILED_RELOCATION)) return undefined;
  const number = lines
    .map((line) => /relo #(\d+): substituting insn/.exec(line)?.[1])
    .findLast((found) => found);
  const what = lines.map((line) => new RegExp(`relo #${number}: <\\w+> \\[\\d+\\] (.*) \\(`).exec(line)?.[1]);
  const name = what.find((found) => found !== undefined);
  return name === undefined ? undefined : `CO-RE relocation failed: this kernel has no ${name}`;
}
