// Whatever is wrong is told with its place, its name and the mend, by `run` and by `analyze`, and nothing that worked stops.
import assert from 'node:assert/strict';
import { spawnSync } from 'node:child_process';
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { test } from 'node:test';
import { fileURLToPath } from 'node:url';
import { findFreePort } from './testbed/free-port.ts';
import { canaryYaml, gatewayYaml, routeYaml, serviceYaml } from './testbed/manifests.ts';
import { TestBackend } from './testbed/test-backend.ts';
import { TestClient } from './testbed/test-client.ts';
import { TestDirectory } from './testbed/test-directory.ts';
import { TestRun } from './testbed/test-run.ts';

const MAIN = fileURLToPath(new URL('../main.ts', import.meta.url));
const ALONE = ['--no-datapath', '--workers', '1'];

const ERRORS = 'sluice_config_findings{level="error"}';

const route = (name: string, rule: string): string => `apiVersion: gateway.networking.k8s.io/v1
kind: HTTPRoute
metadata: { name: ${name}, namespace: test }
spec:
  parentRefs: [{ kind: Gateway, name: door }]
  rules: [${rule}]
`;

const gateway = (name: string, listeners: string): string => `apiVersion: gateway.networking.k8s.io/v1
kind: Gateway
metadata: { name: ${name}, namespace: test }
spec: { gatewayClassName: sluice, listeners: [${listeners}] }
`;

/** Each in a file of its own, and what is told about it. `port` is that of a Gateway which serves. */
const listBad = (
  port: number,
): readonly { readonly file: string; readonly text: string; readonly told: RegExp }[] => [
  { file: 'broken.yaml', text: 'kind: [\n', told: /broken\.yaml:\d+:\d+: error SLU0101 .*Mend: \S/ },
  {
    file: 'unknown.yaml',
    text: 'apiVersion: gateway.networking.k8s.io/v1\nkind: HTTPRout\nmetadata: { name: x }\n',
    told: /unknown\.yaml:2:\d+: error SLU0107 .*HTTPRout.*Mend: \S/,
  },
  {
    file: 'cel.yaml',
    text: route('cel', '{ filters: [{ type: RequestRedirect }] }'),
    told: /cel\.yaml:6:\d+: error SLU0106 HTTPRoute test\/cel spec\.rules\[0\]\.filters\[0\]\S*: .*Mend: \S/,
  },
  {
    file: 'nowhere.yaml',
    text: route(
      'nowhere',
      '{ matches: [{ path: { value: /nowhere } }], backendRefs: [{ name: gone, port: 80 }] }',
    ),
    told: /nowhere\.yaml:6:\d+: error SLU0216 HTTPRoute test\/nowhere spec\.rules\[0\]\.backendRefs\[0\]\S*: .*gone.*Mend: \S/,
  },
  {
    file: 'twice.yaml',
    text: gateway(
      'twice',
      `{ name: a, protocol: HTTP, port: ${port} }, { name: b, protocol: HTTP, port: ${port} }`,
    ),
    told: /twice\.yaml:4:\d+: error SLU0106 Gateway test\/twice spec\.listeners: .*must be unique.*Mend: \S/,
  },
  {
    file: 'younger.yaml',
    text: gateway('younger', `{ name: http, protocol: HTTP, port: ${port} }`),
    told: /younger\.yaml:4:\d+: error SLU0205 Gateway test\/younger spec\.listeners\[0\]\S*: .*Mend: \S/,
  },
];

test('broken files, unknown kinds, invalid routes, duplicate listeners: told one by one while the rest serves', async () => {
  await using v1 = await TestBackend.start('v1');
  await using client = await TestClient.start();
  using directory = new TestDirectory();
  const port = await findFreePort();
  directory.write('base.yaml', canaryYaml(port, '10.97.0.1', { v1: v1.port }));
  directory.write('route.yaml', routeYaml({ v1: 1 }));
  await using run = await TestRun.start([directory.path, ...ALONE]);
  const url = `http://127.0.0.1:${port}`;
  const load = client.load(url, { perConnection: 10 });
  const bad = listBad(port);
  for (const { file, text, told } of bad) {
    const before = run.events.length;
    directory.write(file, text);
    await run.untilFinding(told, before);
  }
  // What serves breaks: its last good content stays.
  const before = run.events.length;
  directory.write('route.yaml', 'kind: [\n');
  await run.untilFinding(/route\.yaml:\d+:\d+: error SLU0101 /, before);
  await run.untilFinding(/route\.yaml.*: warning SLU0114 .*Mend: \S/, before);
  assert.equal(await run.metric(ERRORS), bad.length + 1);
  // Mended and removed, nothing is left to be told of.
  for (const { file } of bad) directory.remove(file);
  directory.write('route.yaml', routeYaml({ v1: 2 }));
  for (let applied = run.applied; (await run.metric(ERRORS)) > 0; applied = run.applied)
    await run.untilApplied(applied);
  await client.stopLoads();
  assert.deepEqual(Object.keys(await load), ['200 v1']);
});

test('analyze tells all of them at once', () => {
  using directory = new TestDirectory();
  directory.write('base.yaml', canaryYaml(18_998, '10.97.0.1', {}));
  const bad = listBad(18_998);
  for (const { file, text } of bad) directory.write(file, text);
  const { status, stdout } = spawnSync(process.execPath, [MAIN, 'analyze', directory.path], {
    encoding: 'utf8',
  });
  assert.equal(status, 1);
  for (const { told } of bad) assert.match(stdout, told);
});

test('a port in use: the other listener serves, and it opens by itself once it is free', async () => {
  await using v1 = await TestBackend.start('v1');
  using directory = new TestDirectory();
  const holder = await TestBackend.start('somebody else');
  const port = await findFreePort();
  directory.write('base.yaml', canaryYaml(port, '10.97.0.1', { v1: v1.port }));
  directory.write(
    'base.yaml',
    [gatewayYaml(port, holder.port), serviceYaml('v1', { clusterIp: 'None', backend: v1.port })].join(
      '---\n',
    ),
  );
  directory.write('route.yaml', route('web', '{ backendRefs: [{ name: v1, port: 80 }] }'));
  await using run = await TestRun.start([directory.path, ...ALONE]);
  await using client = await TestClient.start();
  await run.untilFinding(new RegExp(`error SLU0301 .*${holder.port}.*EADDRINUSE.*Mend: end the process`));
  assert.equal(await client.get(`http://127.0.0.1:${port}`), '200 v1');
  assert.equal(await client.get(`http://127.0.0.1:${holder.port}`), '200 somebody else');
  await holder[Symbol.asyncDispose]();
  await run.until('port', (event) => event.port === holder.port && event.state === 'listening');
  assert.equal(await client.get(`http://127.0.0.1:${holder.port}`), '200 v1');
  assert.equal(await run.metric(ERRORS), 0);
});

test('a backend that is down: 503, named in the access log and in the metrics; up again, it serves', async () => {
  using directory = new TestDirectory();
  using logs = new TestDirectory();
  await using client = await TestClient.start();
  const [port, backend] = [await findFreePort(), await findFreePort()];
  const log = join(logs.path, 'access.log');
  directory.write('base.yaml', canaryYaml(port, '10.97.0.1', { v1: backend }));
  directory.write('route.yaml', routeYaml({ v1: 1 }));
  await using run = await TestRun.start([directory.path, ...ALONE, '--access-log', log]);
  assert.match(
    await client.get(`http://127.0.0.1:${port}`),
    /^503 the endpoint refused the connection: ECONNREFUSED\n/,
  );
  await using _v1 = await TestBackend.start('v1', backend);
  assert.equal(await client.get(`http://127.0.0.1:${port}`), '200 v1');
  assert.equal(await run.metric('sluice_failures_total{code="CONNECT_FAILED",source="upstream"}'), 1);
  assert.equal((await run.end('SIGTERM')).code, 0);
  const lines = readFileSync(log, 'utf8')
    .trimEnd()
    .split('\n')
    .map((line) => JSON.parse(line) as Record<string, unknown>);
  assert.deepEqual(
    lines.map(({ response_code: code, failure, response_flags: flags, upstream_host: host }) => [
      code,
      failure,
      flags,
      host,
    ]),
    [
      [503, 'CONNECT_FAILED', 'UF', `127.0.0.1:${backend}`],
      [200, '', '-', `127.0.0.1:${backend}`],
    ],
  );
});
