/** CRC-64 of ISO 3309, which tar-split notes of each file: Go's hash/crc64 has it, and no library of this package. */

/** Of the polynomial 0xd800000000000000, upper half: the lower half of each entry is 0. */
const table: Uint32Array = Uint32Array.from({ length: 256 }, (_, index) => {
  let high = 0;
  let low = index;
  for (let bit = 0; bit < 8; bit++) {
    const isOdd = (low & 1) === 1;
    low = ((low >>> 1) | (high << 31)) >>> 0;
    high = (high >>> 1) ^ (isOdd ? 0xd8000000 : 0);
  }
  return high;
});

export interface Crc64 {
  update(bytes: Uint8Array): void;
  /** 8 bytes, the most significant one first. */
  digest(): Uint8Array;
}

export function crc64(): Crc64 {
  let high = 0xffffffff;
  let low = 0xffffffff;
  return {
    update(bytes) {
      let [h, l] = [high, low];
      for (const byte of bytes) {
        const entry = table[(l ^ byte) & 0xff] ?? 0;
        l = (l >>> 8) | (h << 24);
        h = (h >>> 8) ^ entry;
      }
      [high, low] = [h, l];
    },
    digest() {
      const bytes = new Uint8Array(8);
      const view = new DataView(bytes.buffer);
      view.setUint32(0, ~high >>> 0);
      view.setUint32(4, ~low >>> 0);
      return bytes;
    },
  };
}
