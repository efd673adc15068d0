import assert from 'node:assert/strict';
import { test } from 'node:test';
import { readSslyze, readTestssl } from './scan-report.ts';

const done = (result: object): object => ({ status: 'COMPLETED', result });

function report(more: Readonly<Record<string, object>> = {}): string {
  const none = done({ accepted_cipher_suites: [] });
  const scan_result = {
    heartbleed: done({ is_vulnerable_to_heartbleed: false }),
    openssl_ccs_injection: done({ is_vulnerable_to_ccs_injection: false }),
    session_renegotiation: done({ is_vulnerable_to_client_renegotiation_dos: false }),
    tls_compression: done({ supports_compression: false }),
    tls_fallback_scsv: done({ supports_fallback_scsv: true }),
    tls_1_3_early_data: done({ supports_early_data: false }),
    robot: done({ robot_result: 'NOT_VULNERABLE_RSA_NOT_SUPPORTED' }),
    ssl_2_0_cipher_suites: none,
    ssl_3_0_cipher_suites: none,
    tls_1_0_cipher_suites: none,
    tls_1_1_cipher_suites: none,
    ...more,
  };
  return JSON.stringify({ server_scan_results: [{ connectivity_status: 'COMPLETED', scan_result }] });
}

test('sslyze: a clean server passes everything', () => {
  const cases = readSslyze(report());
  assert.equal(cases.length, 11);
  assert.ok(cases.every(({ outcome }) => outcome === 'passed'));
});

test('sslyze: what is wrong, or was not scanned, fails', () => {
  const failures = (more: Readonly<Record<string, object>>): string[] =>
    readSslyze(report(more)).flatMap(({ id, outcome }) => (outcome === 'failed' ? [id] : []));
  assert.deepEqual(failures({ heartbleed: done({ is_vulnerable_to_heartbleed: true }) }), ['Heartbleed']);
  assert.deepEqual(failures({ tls_compression: { status: 'ERROR', result: null } }), ['compression']);
  assert.deepEqual(failures({ robot: done({ robot_result: 'VULNERABLE_STRONG_ORACLE' }) }), ['ROBOT']);
  assert.deepEqual(failures({ tls_1_0_cipher_suites: done({ accepted_cipher_suites: [{}] }) }), ['tls_1_0']);
  const unreachable = { server_scan_results: [{ connectivity_status: 'ERROR', scan_result: null }] };
  assert.deepEqual(readSslyze(JSON.stringify(unreachable))[0]?.findings, ['ERROR']);
});

test('testssl: severities decide, remarks and the certificate of the day do not', () => {
  const finding = (id: string, severity: string): object => ({ id, severity, finding: 'words' });
  const json = JSON.stringify([
    finding('TLS1', 'OK'),
    finding('RC4', 'HIGH'),
    finding('BEAST', 'LOW'),
    finding('cert_trust', 'CRITICAL'),
    finding('TLS1_3', 'INFO'),
  ]);
  assert.deepEqual(
    readTestssl(json).map(({ id, outcome }) => [id, outcome]),
    [
      ['TLS1', 'passed'],
      ['RC4', 'failed'],
      ['BEAST', 'passed'],
    ],
  );
  assert.equal(readTestssl(JSON.stringify([finding('scanProblem', 'FATAL')]))[0]?.outcome, 'failed');
});
