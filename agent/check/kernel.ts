// The kernel's BPF: type information, and the programs themselves, loaded for real and let go again without attaching them.
import { accessSync, constants, readFileSync } from 'node:fs';
import type { Feature } from '#native/bpf/probe';
import type { CheckResult } from './check.ts';
import { readKernelFile } from './kernel-file.ts';
import { messageOf } from '../error-message.ts';

const BTF = '/sys/kernel/btf/vmlinux';
const OBJECT = new URL('../../bpf/sock.bpf.o', import.meta.url);

/** Probed here already, without calling C and with our own advice. */
const TOLD_ELSEWHERE = new Set(['capabilities', 'cgroup v2', 'bpffs', 'BTF']);

export async function checkKernel(): Promise<readonly CheckResult[]> {
  const loaded = await programs();
  return [btf(), lockdown(), ...(await features(loaded.status === 'ok')), loaded];
}

/**
 * Features of one kind with the same outcome share a line. Missing ones have failed only when our programs do not load:
 * others are there for what comes later.
 */
async function features(loaded: boolean): Promise<readonly CheckResult[]> {
  let probed: readonly Feature[];
  try {
    const { probeKernel } = await import('#native/bpf/probe');
    probed = probeKernel().filter(({ name }) => !TOLD_ELSEWHERE.has(name));
  } catch {
    // Without calls into C: the platform's checks tell.
    return [];
  }
  const groups = Object.groupBy(probed, (feature) =>
    feature.ok
      ? kindOf(feature)
      : JSON.stringify([kindOf(feature), feature.required, feature.detail, feature.mend]),
  );
  return Object.values(groups).flatMap((group = []) => resultOf(group, loaded));
}

/** `group` are features of one kind, all there or all missing for the same reason. */
function resultOf(group: readonly Feature[], loaded: boolean): readonly CheckResult[] {
  const [first] = group;
  if (first === undefined) return [];
  const about = { category: 'kernel', name: kindOf(first) } as const;
  const names = group.map(bareName).join(', ');
  if (first.ok) return [{ ...about, status: 'ok', detail: names, needs: [] }];
  const failed = first.required && !loaded;
  return [
    {
      ...about,
      status: failed ? 'failed' : 'warning',
      detail: `${names}: ${first.detail}`,
      mend: first.mend ?? 'use a newer kernel',
      needs: failed ? ['datapath'] : [],
    },
  ];
}

function kindOf({ name }: Feature): string {
  const kind = /^(map|program|link) /.exec(name)?.[1];
  return kind === undefined ? 'features' : `${kind} types`;
}

function bareName({ name, detail, ok }: Feature): string {
  return name === 'kernel' && ok ? detail : name.replace(/^(map|program|link) /, '');
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
    const [message = ''] = messageOf(error).split('\n');
    // Errors of the loader bring their mend with them.
    const [detail = '', mend = 'see the failures above; with none there, use Linux 6.1 or later'] =
      message.split(/\.? Mend: /);
    return { ...about, status: 'failed', detail, mend };
  }
}
