// The kernel's BPF: type information, and the programs themselves, loaded for real and let go again without attaching them.
import { accessSync, constants, readFileSync } from 'node:fs';
import type { CheckResult } from './check.ts';
import { readKernelFile } from './kernel-file.ts';

const BTF = '/sys/kernel/btf/vmlinux';
const OBJECT = new URL('../../bpf/sock.bpf.o', import.meta.url);

export async function checkKernel(): Promise<readonly CheckResult[]> {
  return [btf(), lockdown(), await programs()];
}

function btf(): CheckResult {
  const about = { category: 'kernel', name: 'type information (BTF)', needs: ['datapath'] } as const;
  try {
    accessSync(BTF, constants.R_OK);
    return { ...about, status: 'ok', detail: BTF };
  } catch {
    return {
      ...about,
      status: 'failed',
      detail: `${BTF} cannot be read`,
      mend: 'use a kernel built with CONFIG_DEBUG_INFO_BTF=y (all current distributions), and let this process see /sys',
    };
  }
}

function lockdown(): CheckResult {
  const mode = /\[(\w+)\]/.exec(readKernelFile('/sys/kernel/security/lockdown'))?.[1] ?? 'none';
  const open = mode !== 'confidentiality';
  return {
    category: 'kernel',
    name: 'lockdown',
    status: open ? 'ok' : 'failed',
    detail: mode,
    ...(open
      ? {}
      : {
          mend: 'boot with lockdown=integrity: in confidentiality mode BPF programs may not read the kernel',
        }),
    needs: ['datapath'],
  };
}

/** The verifier of this very kernel decides; no list of versions says it better. */
async function programs(): Promise<CheckResult> {
  const about = { category: 'kernel', name: 'socket programs', needs: ['datapath'] } as const;
  try {
    const [{ ObjectSpec }, { loadObject }] = await Promise.all([
      import('#native/bpf/object-spec'),
      import('#native/bpf/object'),
    ]);
    const object = loadObject(ObjectSpec.read(readFileSync(OBJECT), 'bpf/sock.bpf.o'));
    const detail = `${object.programs.size} programs pass the verifier`;
    object.close();
    return { ...about, status: 'ok', detail };
  } catch (error) {
    return {
      ...about,
      status: 'failed',
      detail: error instanceof Error ? error.message.split('\n')[0]! : String(error),
      mend: 'see the failures above; with none there, use Linux 6.1 or later',
    };
  }
}
