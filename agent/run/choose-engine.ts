// Which engine serves: our own epoll loop where C can be called from here, node:net where that is not allowed.
import { messageOf } from '../error-message.ts';

export interface EngineChoice {
  readonly engine: 'epoll' | 'net';
  /** Why C cannot be called, where that decided. */
  readonly obstacle: string | undefined;
}

/** @throws Error when epoll was asked for and cannot be */
export async function chooseEngine(asked: 'auto' | 'epoll' | 'net'): Promise<EngineChoice> {
  if (asked === 'net') return { engine: 'net', obstacle: undefined };
  try {
    await import('#native/libc');
    return { engine: 'epoll', obstacle: undefined };
  } catch (error) {
    const obstacle = `C cannot be called from here: ${messageOf(error)}`;
    if (asked === 'auto') return { engine: 'net', obstacle };
    throw new Error(`--engine epoll: ${obstacle}. Mend: use --engine auto`, { cause: error });
  }
}
