// OpenSSL as the node binary exports it: the one file that declares its functions. Pointers are plain JS numbers, as in libc.ts.
// A node that is linked to a shared OpenSSL exports none: `missingSymbols` says so, and calls throw.
import koffi from 'koffi';

type Argument = number | bigint | string | null;
type Call = (...args: Argument[]) => number;
type TextCall = (...args: Argument[]) => string | null;
/** What C calls back, on the same thread and within one of our calls. It must not throw. */
type Callback = (...args: number[]) => number;

/** Names that were not found; empty where TLS works. */
export const missingSymbols: string[] = [];

const lib = koffi.load(null);
const NAME = /(\w+)\(/;

function declare(prototype: string): Call {
  try {
    return lib.func(prototype) as Call;
  } catch {
    const name = NAME.exec(prototype)?.[1] ?? prototype;
    missingSymbols.push(name);
    return () => {
      throw new Error(`this node exports no ${name}: TLS needs the official node binary`);
    };
  }
}

const declareText = (prototype: string): TextCall => declare(prototype) as unknown as TextCall;

// --- per record: numbers only
export const sslRead: Call = declare('int SSL_read(uint64, uint64, int)');
export const sslWrite: Call = declare('int SSL_write(uint64, uint64, int)');
export const sslHasPending: Call = declare('int SSL_has_pending(uint64)');
/** What is awaited: 'RH' a record's header, 'RB' its body. */
export const sslReadState: TextCall = declareText('const char *SSL_rstate_string(uint64)');
export const sslGetError: Call = declare('int SSL_get_error(uint64, int)');
export const errClear: Call = declare('void ERR_clear_error()');

// --- per connection
export const sslNew: Call = declare('uint64 SSL_new(uint64)');
export const sslFree: Call = declare('void SSL_free(uint64)');
export const sslSetFd: Call = declare('int SSL_set_fd(uint64, int)');
export const sslSetAcceptState: Call = declare('void SSL_set_accept_state(uint64)');
export const sslSetConnectState: Call = declare('void SSL_set_connect_state(uint64)');
export const sslDoHandshake: Call = declare('int SSL_do_handshake(uint64)');
export const sslShutdown: Call = declare('int SSL_shutdown(uint64)');
export const sslSetText: Call = declare('int64 SSL_ctrl(uint64, int, int64, const char *)');
export const sslGetVerifyResult: Call = declare('int64 SSL_get_verify_result(uint64)');
export const sslGetVerifyMode: Call = declare('int SSL_get_verify_mode(uint64)');
export const sslGetPeerCertificate: Call = declare('uint64 SSL_get1_peer_certificate(uint64)');
export const sslGetVersion: TextCall = declareText('const char *SSL_get_version(uint64)');
export const sslGetCipher: Call = declare('uint64 SSL_get_current_cipher(uint64)');
export const sslCipherName: TextCall = declareText('const char *SSL_CIPHER_get_name(uint64)');
export const sslGetAlpn: Call = declare('void SSL_get0_alpn_selected(uint64, uint64, uint64)');
export const sslSelectAlpn: Call = declare(
  'int SSL_select_next_proto(uint64, uint64, uint64, uint32, uint64, uint32)',
);
export const sslSessionReused: Call = declare('int SSL_session_reused(uint64)');
export const sslGetParameters: Call = declare('uint64 SSL_get0_param(uint64)');
export const setVerifiedHost: Call = declare('int X509_VERIFY_PARAM_set1_host(uint64, const char *, uint64)');
export const setVerifiedHostFlags: Call = declare('void X509_VERIFY_PARAM_set_hostflags(uint64, uint32)');
export const setVerifyFlags: Call = declare('int X509_VERIFY_PARAM_set_flags(uint64, uint64)');

// --- per context
export const serverMethod: Call = declare('uint64 TLS_server_method()');
export const clientMethod: Call = declare('uint64 TLS_client_method()');
export const contextNew: Call = declare('uint64 SSL_CTX_new(uint64)');
export const contextFree: Call = declare('void SSL_CTX_free(uint64)');
export const contextControl: Call = declare('int64 SSL_CTX_ctrl(uint64, int, int64, uint64)');
/** SSL_CTX_ctrl once more, for commands whose last argument is a string. */
export const contextSetText: Call = declare('int64 SSL_CTX_ctrl(uint64, int, int64, const char *)');
export const contextSetOptions: Call = declare('uint64 SSL_CTX_set_options(uint64, uint64)');
export const contextSetCiphers: Call = declare('int SSL_CTX_set_cipher_list(uint64, const char *)');
export const contextSetSuites: Call = declare('int SSL_CTX_set_ciphersuites(uint64, const char *)');
export const contextSetReadBuffer: Call = declare('void SSL_CTX_set_default_read_buffer_len(uint64, uint64)');
export const contextUseCertificate: Call = declare('int SSL_CTX_use_certificate(uint64, uint64)');
export const contextUseKey: Call = declare('int SSL_CTX_use_PrivateKey(uint64, uint64)');
export const contextCheckKey: Call = declare('int SSL_CTX_check_private_key(uint64)');
export const contextSetVerify: Call = declare('void SSL_CTX_set_verify(uint64, int, uint64)');
export const contextStore: Call = declare('uint64 SSL_CTX_get_cert_store(uint64)');
export const contextShareStore: Call = declare('void SSL_CTX_set1_cert_store(uint64, uint64)');
export const contextParameters: Call = declare('uint64 SSL_CTX_get0_param(uint64)');
export const contextAddClientCa: Call = declare('int SSL_CTX_add_client_CA(uint64, uint64)');
export const contextSetScope: Call = declare('int SSL_CTX_set_session_id_context(uint64, uint64, uint32)');
export const contextSetTimeout: Call = declare('int64 SSL_CTX_set_timeout(uint64, int64)');
export const contextSetTickets: Call = declare('int SSL_CTX_set_num_tickets(uint64, uint64)');
export const contextSetTicketKeys: Call = declare('int SSL_CTX_set_tlsext_ticket_key_evp_cb(uint64, uint64)');
export const contextSetAlpnSelect: Call = declare('void SSL_CTX_set_alpn_select_cb(uint64, uint64, uint64)');
export const contextSetAlpn: Call = declare('int SSL_CTX_set_alpn_protos(uint64, uint64, uint32)');

// --- certificates and keys
export const bioOverMemory: Call = declare('uint64 BIO_new_mem_buf(uint64, int)');
export const bioFree: Call = declare('int BIO_free(uint64)');
export const readPemCertificate: Call = declare('uint64 PEM_read_bio_X509(uint64, uint64, uint64, uint64)');
export const readPemKey: Call = declare(
  'uint64 PEM_read_bio_PrivateKey(uint64, uint64, uint64, const char *)',
);
export const keyFree: Call = declare('void EVP_PKEY_free(uint64)');
export const keyType: Call = declare('int EVP_PKEY_get_base_id(uint64)');
export const certificateFree: Call = declare('void X509_free(uint64)');
export const certificateKey: Call = declare('uint64 X509_get0_pubkey(uint64)');
export const certificateExtension: Call = declare('uint64 X509_get_ext_d2i(uint64, int, uint64, uint64)');
export const certificateSubject: Call = declare('uint64 X509_get_subject_name(uint64)');
export const certificateEnd: Call = declare('uint64 X509_get0_notAfter(uint64)');
export const compareToNow: Call = declare('int X509_cmp_current_time(uint64)');
export const checkCertificateHost: Call = declare(
  'int X509_check_host(uint64, const char *, uint64, uint32, uint64)',
);
export const nameText: Call = declare('uint64 X509_NAME_oneline(uint64, uint64, int)');
export const storeNew: Call = declare('uint64 X509_STORE_new()');
export const storeFree: Call = declare('void X509_STORE_free(uint64)');
export const storeAdd: Call = declare('int X509_STORE_add_cert(uint64, uint64)');
export const verifyErrorText: TextCall = declareText('const char *X509_verify_cert_error_string(int64)');
export const stackCount: Call = declare('int OPENSSL_sk_num(uint64)');
export const stackItem: Call = declare('uint64 OPENSSL_sk_value(uint64, int)');
export const generalName: Call = declare('uint64 GENERAL_NAME_get0_value(uint64, uint64)');
export const generalNamesFree: Call = declare('void GENERAL_NAMES_free(uint64)');
export const stringData: Call = declare('uint64 ASN1_STRING_get0_data(uint64)');
export const stringLength: Call = declare('int ASN1_STRING_length(uint64)');

// --- session tickets
export const randomBytes: Call = declare('int RAND_bytes(uint64, int)');
export const aes256Cbc: Call = declare('uint64 EVP_aes_256_cbc()');
export const encryptInit: Call = declare('int EVP_EncryptInit_ex(uint64, uint64, uint64, uint64, uint64)');
export const decryptInit: Call = declare('int EVP_DecryptInit_ex(uint64, uint64, uint64, uint64, uint64)');
export const macSetParameters: Call = declare('int EVP_MAC_CTX_set_params(uint64, uint64)');

// --- errors
export const errTake: Call = declare('uint64 ERR_get_error()');
export const errReason: TextCall = declareText('const char *ERR_reason_error_string(uint64)');

/** A C function pointer that calls `callback`, for as long as the thread lives. `parameters` are C types. */
export function callbackFor(parameters: readonly string[], callback: Callback): bigint {
  return koffi.register(callback, koffi.pointer(koffi.proto('int', [...parameters])));
}
