// The Huffman code of RFC 7541 appendix B. It is canonical: codes of one length follow each other in the order of their
// symbols, and longer ones continue where shorter ones end. So the lengths alone are the whole table.

export const EOS = 256;

/** Symbols by the length of their code in bits: characters where they are printable, otherwise numbers. */
const BY_LENGTH: readonly (readonly [bits: number, symbols: string | readonly number[]])[] = [
  [5, '012aceiost'],
  [6, ' %-./3456789=A_bdfghlmnpru'],
  [7, ':BCDEFGHIJKLMNOPQRSTUVWYjkqvwxyz'],
  [8, '&*,;XZ'],
  [10, '!"()?'],
  [11, "'+|"],
  [12, '#>'],
  [13, '\0$@[]~'],
  [14, '^}'],
  [15, '<`{'],
  [19, [92, 195, 208]],
  [20, [128, 130, 131, 162, 184, 194, 224, 226]],
  [21, [153, 161, 167, 172, 176, 177, 179, 209, 216, 217, 227, 229, 230]],
  [22, [129, 132, 133, 134, 136, 146, 154, 156, 160, 163, 164, 169, 170, 173, 178, 181, 185, 186, 187, 189]],
  [22, [190, 196, 198, 228, 232, 233]],
  [23, [1, 135, 137, 138, 139, 140, 141, 143, 147, 149, 150, 151, 152, 155, 157, 158, 165, 166, 168, 174]],
  [23, [175, 180, 182, 183, 188, 191, 197, 231, 239]],
  [24, [9, 142, 144, 145, 148, 159, 171, 206, 215, 225, 236, 237]],
  [25, [199, 207, 234, 235]],
  [26, [192, 193, 200, 201, 202, 205, 210, 213, 218, 219, 238, 240, 242, 243, 255]],
  [27, [203, 204, 211, 212, 214, 221, 222, 223, 241, 244, 245, 246, 247, 248, 250, 251, 252, 253, 254]],
  [28, [2, 3, 4, 5, 6, 7, 8, 11, 12, 14, 15, 16, 17, 18, 19, 20, 21, 23, 24, 25, 26, 27, 28, 29, 30, 31]],
  [28, [127, 220, 249]],
  [30, [10, 13, 22, EOS]],
];

/** Code of each symbol, right-aligned, and its length in bits. */
export const CODES: Int32Array = new Int32Array(EOS + 1);
export const CODE_BITS: Uint8Array = new Uint8Array(EOS + 1);

let code = 0;
let last = 0;
for (const [bits, symbols] of BY_LENGTH) {
  code <<= bits - last;
  last = bits;
  for (const symbol of symbols) {
    const number = typeof symbol === 'string' ? symbol.charCodeAt(0) : symbol;
    CODES[number] = code++;
    CODE_BITS[number] = bits;
  }
}
