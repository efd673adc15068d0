// What getpeername says of a TCP connection to a Service: while it is young, later, and after the socket has gone elsewhere.
import assert from 'node:assert/strict';
import { join } from 'node:path';
import { test, type TestContext } from 'node:test';
import { BpfMap } from '#native/bpf/map';
import { close, connect } from '#native/libc';
import { allocatePinned } from '#native/memory';
import { peerAddress, startConnection } from '#native/socket';
import { ADDRESS_BYTES, formatAddress, writeAddress } from '#native/address';
import { SKIP_UNLESS_ROOT as skip } from './fixture/sandbox-cgroup.ts';
import { service, Sandbox } from './fixture/sandbox.ts';
import { LAYOUT_ID, readRecentSteering, RECENT_STEERING_SIZE } from './layout.gen.ts';

const FIRST = '127.96.0.1';
const SECOND = '127.96.0.2';
const LOOPBACK = '127.0.0.1';

test('a socket that goes elsewhere names where it goes', { skip }, async (context) => {
  const { port, within } = await start(context);
  await within((open) => {
    const socket = open(FIRST, 80);
    assert.equal(socket.peer(), `${FIRST}:80`);
    socket.reconnect(LOOPBACK, port);
    assert.equal(socket.peer(), `${LOOPBACK}:${port}`, 'asked before');
    socket.reconnect(FIRST, 80);
    socket.reconnect(LOOPBACK, port);
    assert.equal(socket.peer(), `${LOOPBACK}:${port}`, 'never asked before');
    socket.reconnect(FIRST, 80);
    assert.equal(socket.peer(), `${FIRST}:80`);
    // The same backend under another name.
    socket.reconnect(SECOND, 80);
    assert.equal(socket.peer(), `${SECOND}:80`);
  });
});

test(
  'a connection that was asked for its peer while young names the Service for life',
  { skip },
  async (context) => {
    const { node, port, within } = await start(context);
    await within((open) => {
      const [asked, silent] = [open(FIRST, 80), open(FIRST, 80)];
      assert.equal(asked.peer(), `${FIRST}:80`);
      assert.equal(pushOutRecent(node), 2);
      assert.equal(asked.peer(), `${FIRST}:80`);
      assert.equal(silent.peer(), `${LOOPBACK}:${port}`, 'the price of a cheap connect');
    });
  },
);

/** Does what as many later connections would do; gives the number of connections that were remembered. */
function pushOutRecent(node: Sandbox): number {
  const recent = BpfMap.fromPin(join(node.state, LAYOUT_ID, 'recent'));
  const { keys, values, count } = recent.lookupBatch();
  let found = 0;
  for (let i = 0; i < count; i++) {
    if (readRecentSteering(values, i * RECENT_STEERING_SIZE).cookie === 0n) continue;
    found++;
    recent.update(keys.subarray(i * 4, i * 4 + 4), Buffer.alloc(RECENT_STEERING_SIZE));
  }
  recent.close();
  return found;
}

interface Connection {
  readonly peer: () => string;
  /** The same socket, disconnected by connect(AF_UNSPEC), which passes no hook. */
  readonly reconnect: (address: string, port: number) => void;
}

interface Started {
  readonly node: Sandbox;
  /** Of the one backend that both Services have. */
  readonly port: number;
  /** `open` connects in the cgroup. */
  readonly within: (use: (open: (address: string, port: number) => Connection) => void) => Promise<void>;
}

async function start(context: TestContext): Promise<Started> {
  const node = new Sandbox(context);
  const servers = await node.outsider();
  const port = await servers.serve({ op: 'serve-tcp', host: LOOPBACK, tag: 'backend' });
  const backends = [{ address: LOOPBACK, port }];
  node.open().apply({ revision: 1, services: [service(FIRST, backends), service(SECOND, backends)] });
  const fds: number[] = [];
  const name = allocatePinned(ADDRESS_BYTES);
  const open = (address: string, toPort: number): Connection => {
    // On loopback the handshake is over when connect() comes back.
    const fd = startConnection(address, toPort);
    assert.ok(fd >= 0, `connect: errno ${-fd}`);
    fds.push(fd);
    return {
      peer: () => {
        const peer = peerAddress(fd);
        return formatAddress(peer.address, peer.port);
      },
      reconnect: (next, nextPort) => {
        name.buffer.fill(0);
        assert.equal(connect(fd, name.address, 16), 0, 'AF_UNSPEC');
        connect(fd, name.address, writeAddress(name.buffer, next, nextPort));
      },
    };
  };
  const within: Started['within'] = (use) =>
    node.cgroup.within(async () => {
      try {
        use(open);
      } finally {
        for (const fd of fds) close(fd);
      }
    });
  return { node, port, within };
}
