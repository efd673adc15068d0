// One line out of verifier logs as kernels write them.
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { PROGRAM_TYPE } from './program-type.ts';
import { ProgramRefused, summarizeVerifierLog } from './verifier-log.ts';

const NULL_CHECK = `0: R1=ctx() R10=fp0
; __u32 *value = bpf_map_lookup_elem(&map, &key); @ sock.bpf.c:16
4: (18) r1 = 0xffff888107c05c00       ; R1=map_ptr(map=map,ks=4,vs=4)
6: (85) call bpf_map_lookup_elem#1    ; R0=map_value_or_null(id=1,map=map,ks=4,vs=4)
; return *value; @ sock.bpf.c:18
7: (61) r0 = *(u32 *)(r0 +0)
R0 invalid mem access 'map_value_or_null'
processed 7 insns (limit 1000000) max_states_per_insn 0 total_states 0 peak_states 0 mark_read 0
`;

test('reason, instruction, source line and hint', () => {
  assert.deepEqual(summarizeVerifierLog(NULL_CHECK), {
    reason: "R0 invalid mem access 'map_value_or_null'",
    instruction: '7: (61) r0 = *(u32 *)(r0 +0)',
    source: 'sock.bpf.c:18: return *value;',
    hint: 'compare the pointer with NULL before using it, and read it into a local only once',
  });
});

test('register states behind the verdict are not the reason, and older kernels give no place', () => {
  const log = `; data[i] = 1;
12: (73) *(u8 *)(r1 +0) = r2
 R0=inv1 R1_w=pkt(id=1,off=0,r=0,umax_value=255) R2=inv1 R10=fp0
R1 unbounded memory access, make sure to bounds check any such access
verification time 71 usec
stack depth 8
processed 12 insns (limit 1000000) max_states_per_insn 0
`;
  const summary = summarizeVerifierLog(log);
  assert.equal(summary.reason, 'R1 unbounded memory access, make sure to bounds check any such access');
  assert.equal(summary.source, 'data[i] = 1;');
  assert.match(summary.hint ?? '', /bound the index/);
});

test('a program that runs into the limit', () => {
  const log = `100: (b7) r1 = 0 ; R1_w=0
BPF program is too large. Processed 1000001 insn
processed 1000001 insns (limit 1000000) max_states_per_insn 4
`;
  const summary = summarizeVerifierLog(log);
  assert.equal(summary.reason, 'BPF program is too large. Processed 1000001 insn');
  assert.equal(summary.instruction, '100: (b7) r1 = 0');
  assert.match(summary.hint ?? '', /bound the loop/);
});

test('a failed CO-RE relocation is named by its field, whichever of several it was', () => {
  const log = `CO-RE relocating STRUCT file: found target candidate [718]
prog '': relo #0: <byte_off> [28] STRUCT file.f_pos (0:0 @ offset 0)
prog '': relo #0: patched insn #1 (LDX/ST/STX) off 0 -> 8
prog '': relo #1: <byte_off> [28] STRUCT file.nope (0:1 @ offset 4)
prog '': relo #1: no matching targets found
prog '': relo #1: substituting insn #4 w/ invalid insn
4: (85) call unknown#195896080
invalid func unknown#195896080
`;
  assert.equal(
    summarizeVerifierLog(log).reason,
    'CO-RE relocation failed: this kernel has no STRUCT file.nope',
  );
});

test('an empty log leaves the errno to explain', () => {
  assert.deepEqual(summarizeVerifierLog('', 0), { reason: '' });
  const refused = new ProgramRefused({ name: 'connect4', type: PROGRAM_TYPE.CGROUP_SOCK_ADDR }, 1, '');
  assert.match(
    refused.message,
    /^program connect4 \(CGROUP_SOCK_ADDR\) refused by the kernel with EPERM\. Mend: .*CAP_BPF/,
  );
  assert.equal(refused.code, 'EPERM');
});

test('the error keeps the whole log and shows one line', () => {
  const refused = new ProgramRefused({ name: 'p', type: 3 }, 13, NULL_CHECK);
  assert.equal(refused.log, NULL_CHECK);
  assert.doesNotMatch(refused.message, /\n/);
  assert.match(
    refused.message,
    /^program p \(SCHED_CLS\) refused by the kernel with EACCES: R0 invalid mem access/,
  );
});
