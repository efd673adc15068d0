// Verdicts of the scanners sslyze and testssl.sh, read from their JSON.
import { judgeCase } from '../case.ts';
import type { CaseResult } from '../report.ts';

interface Attempt {
  readonly status: string;
  readonly result: Readonly<Record<string, unknown>> | null;
}

interface SslyzeReport {
  readonly server_scan_results: readonly {
    readonly connectivity_status: string;
    readonly scan_result: Readonly<Record<string, Attempt>> | null;
  }[];
}

/** Fields of sslyze's results that must have this value. */
const WANTED: readonly (readonly [scan: string, field: string, value: unknown, id: string])[] = [
  ['heartbleed', 'is_vulnerable_to_heartbleed', false, 'Heartbleed'],
  ['openssl_ccs_injection', 'is_vulnerable_to_ccs_injection', false, 'CCS injection'],
  ['session_renegotiation', 'is_vulnerable_to_client_renegotiation_dos', false, 'renegotiation by a client'],
  ['tls_compression', 'supports_compression', false, 'compression'],
  ['tls_fallback_scsv', 'supports_fallback_scsv', true, 'downgrade to TLS 1.1'],
  ['tls_1_3_early_data', 'supports_early_data', false, 'early data (0-RTT)'],
];
/** Versions of which no cipher may be accepted. */
const OLD = ['ssl_2_0', 'ssl_3_0', 'tls_1_0', 'tls_1_1'];

/** Throws when the report is none. */
export function readSslyze(json: string): CaseResult[] {
  const [server] = (JSON.parse(json) as SslyzeReport).server_scan_results;
  const scans = server?.scan_result;
  if (scans === undefined || scans === null)
    return [judgeCase('sslyze', 'connects', [server?.connectivity_status ?? 'no result'])];
  const fields = WANTED.map(([scan, field, value, id]) => {
    const { status = 'missing', result = null } = scans[scan] ?? {};
    if (result === null) return judgeCase('sslyze', id, [`the scan ended with ${status}`]);
    // With TLS 1.2 as the oldest version there is nothing to fall back to.
    const got = result[field];
    return judgeCase('sslyze', id, got === value ? [] : [`${field} is ${String(got)}`]);
  });
  const robot = scans['robot']?.result?.['robot_result'];
  const vulnerable = String(robot).startsWith('VULNERABLE');
  return [
    ...fields,
    judgeCase('sslyze', 'ROBOT', robot === undefined || vulnerable ? [String(robot)] : []),
    ...OLD.map((version) => judgeCase('sslyze', version, acceptedCiphers(scans[`${version}_cipher_suites`]))),
  ];
}

function acceptedCiphers(attempt: Attempt | undefined): string[] {
  const accepted = attempt?.result?.['accepted_cipher_suites'];
  if (!Array.isArray(accepted)) return [`the scan ended with ${attempt?.status ?? 'missing'}`];
  return accepted.length === 0 ? [] : [`${accepted.length} cipher suites are accepted`];
}

interface TestsslFinding {
  readonly id: string;
  readonly severity: string;
  readonly finding: string;
}

/** Worse than advice. */
const BAD = new Set(['MEDIUM', 'HIGH', 'CRITICAL']);
/** Of the scanner itself, or of a certificate that we made for the day. */
const BESIDE_THE_POINT = /^(cert|DNS_|scanTime|engine_problem|service|overall_grade|host_)/;

/** One case for each finding that judges. Throws when the report is none, or ends in the middle. */
export function readTestssl(json: string): CaseResult[] {
  const findings = JSON.parse(json) as readonly TestsslFinding[];
  const fatal = findings.find(({ severity }) => severity === 'FATAL');
  if (fatal !== undefined) return [judgeCase('testssl', 'runs', [fatal.finding])];
  return findings
    .filter(({ id, severity }) => !BESIDE_THE_POINT.test(id) && severity !== 'INFO' && severity !== 'DEBUG')
    .map(({ id, severity, finding }) =>
      judgeCase('testssl', id, BAD.has(severity) ? [`${severity}: ${finding}`] : []),
    );
}
