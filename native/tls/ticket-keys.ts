// Keys of session tickets (RFC 5077, RFC 8446 section 4.6.1), shared by all workers so that a client may resume with any of
// them. New tickets are made with the newest key; tickets of the keys before it are still taken, and made anew.
//
//   Int32 newest slot │ slot 0 │ slot 1 │ slot 2 │ slot 3      a slot: name 16, AES-256 key 32, HMAC-SHA256 key 32
//
// A slot is overwritten three rotations after it was the newest. Who reads it at that very moment fails the ticket's MAC, and
// shakes hands in full.
import { randomFillSync } from 'node:crypto';
import { addressOf, memcmp, memcpy } from '../libc.ts';
import { allocatePinned } from '../memory.ts';
import {
  aes256Cbc,
  callbackFor,
  decryptInit,
  encryptInit,
  macSetParameters,
  randomBytes,
} from './openssl.ts';

const SLOTS = 4;
const NAME = 16;
const KEY = 32;
/** Bytes of one key: what `rotate` takes. */
export const TICKET_KEY_BYTES: number = NAME + KEY + KEY;
const HEADER = 16;
const IV = 16;

// What the callback answers (SSL_CTX_set_tlsext_ticket_key_evp_cb(3)).
const FAILED = -1;
const FULL_HANDSHAKE = 0;
const USE = 1;
const RENEW = 2;

// OSSL_PARAM: { char *key; u32 type; void *data; size_t size; size_t returned }, ended by one of zeros.
const PARAMETER = 40;
const UTF8_STRING = 4;
const OCTET_STRING = 5;

export class TicketKeys {
  readonly memory: SharedArrayBuffer;
  readonly #newest: Int32Array;
  readonly #bytes: Uint8Array;

  /** Fresh random keys in every slot: an empty one would be a key that everybody knows. */
  static create(): TicketKeys {
    const keys = new TicketKeys(new SharedArrayBuffer(HEADER + SLOTS * TICKET_KEY_BYTES));
    const random = randomFillSync(Buffer.alloc(SLOTS * TICKET_KEY_BYTES));
    keys.#bytes.set(random, HEADER);
    random.fill(0);
    return keys;
  }

  /** The same keys in another thread. */
  static attach(memory: SharedArrayBuffer): TicketKeys {
    return new TicketKeys(memory);
  }

  private constructor(memory: SharedArrayBuffer) {
    this.memory = memory;
    this.#newest = new Int32Array(memory, 0, 1);
    this.#bytes = new Uint8Array(memory);
  }

  /** From now on tickets are made with `key`: TICKET_KEY_BYTES of random, by default our own. */
  rotate(key: Uint8Array = randomFillSync(Buffer.alloc(TICKET_KEY_BYTES))): void {
    if (key.length !== TICKET_KEY_BYTES) throw new RangeError(`a ticket key has ${TICKET_KEY_BYTES} bytes`);
    const next = (Atomics.load(this.#newest, 0) + 1) % SLOTS;
    this.#bytes.set(key, HEADER + next * TICKET_KEY_BYTES);
    Atomics.store(this.#newest, 0, next);
  }

  /** Function pointer for SSL_CTX_set_tlsext_ticket_key_evp_cb; one for all contexts of a thread. */
  callback(): bigint {
    const base = addressOf(this.#bytes) + HEADER;
    const parameters = macParameters();
    const setMac = (mac: number, slot: number): boolean => {
      parameters.setKey(slot + NAME + KEY);
      return macSetParameters(mac, parameters.address) === 1;
    };
    const newest = this.#newest;
    return callbackFor(
      ['uint64', 'uint64', 'uint64', 'uint64', 'uint64', 'int'],
      (_ssl, name = 0, iv = 0, cipher = 0, mac = 0, encrypting = 0) => {
        const current = Atomics.load(newest, 0);
        if (encrypting !== 0) {
          const slot = base + current * TICKET_KEY_BYTES;
          memcpy(name, slot, NAME);
          if (randomBytes(iv, IV) !== 1) return FAILED;
          if (encryptInit(cipher, aes256Cbc(), 0, slot + NAME, iv) !== 1) return FAILED;
          return setMac(mac, slot) ? USE : FAILED;
        }
        for (let i = 0; i < SLOTS; i++) {
          const slot = base + i * TICKET_KEY_BYTES;
          if (memcmp(name, slot, NAME) !== 0) continue;
          if (decryptInit(cipher, aes256Cbc(), 0, slot + NAME, iv) !== 1) return FAILED;
          if (!setMac(mac, slot)) return FAILED;
          return i === current ? USE : RENEW;
        }
        return FULL_HANDSHAKE;
      },
    );
  }
}

/** HMAC-SHA256 with a key that changes. */
function macParameters(): { readonly address: number; readonly setKey: (address: number) => void } {
  const texts = [Buffer.from('digest\0'), Buffer.from('sha256\0'), Buffer.from('key\0')];
  const [digest = 0, sha256 = 0, key = 0] = texts.map(addressOf);
  const list = allocatePinned(3 * PARAMETER);
  const write = (index: number, name: number, type: number, size: number): void => {
    const at = index * PARAMETER;
    list.buffer.writeBigUInt64LE(BigInt(name), at);
    list.buffer.writeUInt32LE(type, at + 8);
    list.buffer.writeBigUInt64LE(BigInt(size), at + 24);
    list.buffer.writeBigUInt64LE(0xffffffffffffffffn, at + 32);
  };
  write(0, digest, UTF8_STRING, 6);
  list.buffer.writeBigUInt64LE(BigInt(sha256), 16);
  write(1, key, OCTET_STRING, KEY);
  return {
    address: list.address,
    setKey: (address) => {
      // Holds `texts` too: they are read as long as this function can be called.
      list.buffer.writeBigUInt64LE(BigInt(texts.length > 0 ? address : 0), PARAMETER + 16);
    },
  };
}
