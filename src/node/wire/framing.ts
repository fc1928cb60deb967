/** Where the body of an answer ends, and what of the bytes on the wire belongs to it (RFC 9112, 6 and 7.1). */

/** Takes the body out of what comes. */
export interface Framing {
  /**
   * Looks at the bytes that were not used before.
   * @returns a piece of the body, empty where there is none yet, and how many bytes that took: the piece and what stands before it
   * @throws an error with the code `HPE_INVALID_CHUNK_SIZE`
   */
  take(bytes: Uint8Array): Taken;
  /** Did all of the body come? */
  readonly isOver: boolean;
  /** Bytes up to its end, as far as it is known where that is. */
  readonly left: number;
}

export interface Taken {
  readonly piece: Uint8Array;
  readonly used: number;
}

/** Only the size, its extension or a field of the trailer; more than that is no chunk. */
const MAX_LINE_BYTES = 16 * 1024;
const MAX_TRAILERS = 64;
/** A size, as far as it has come, and its extension. */
const SIZE = /^[\da-f]{0,12}[ \t]*(?:;.*)?$/i;
const NONE = new Uint8Array();

/** @param length in bytes; `chunked`, or `rest`: up to the end of the connection */
export function framingOf(length: number | 'chunked' | 'rest'): Framing {
  return length === 'chunked' ? new Chunks() : new Length(length === 'rest' ? Number.POSITIVE_INFINITY : length);
}

class Length implements Framing {
  left: number;

  constructor(length: number) {
    this.left = length;
  }

  get isOver(): boolean {
    return this.left === 0;
  }

  take(bytes: Uint8Array): Taken {
    const piece = bytes.subarray(0, this.left);
    this.left -= piece.length;
    return { piece, used: piece.length };
  }
}

class Chunks implements Framing {
  isOver = false;
  readonly left = Number.POSITIVE_INFINITY;
  /** What comes next. */
  #next: 'size' | 'data' | 'end of data' | 'trailer' = 'size';
  /** Of the chunk, in bytes. */
  #size = 0;
  #trailers = 0;

  take(bytes: Uint8Array): Taken {
    let at = 0;
    while (!this.isOver && this.#next !== 'data') {
      const line = lineAt(bytes, at);
      this.#check(line.text);
      if (!line.isWhole) return { piece: NONE, used: at };
      this.#readLine(line.text);
      at += line.text.length + 2;
    }
    if (this.isOver) return { piece: NONE, used: at };
    const piece = bytes.subarray(at, at + this.#size);
    this.#size -= piece.length;
    if (this.#size === 0) this.#next = 'end of data';
    return { piece, used: at + piece.length };
  }

  /** What is wrong already is not waited for. */
  #check(line: string): void {
    if (this.#next === 'size' ? !SIZE.test(line) : this.#next === 'end of data' && line !== '') throw noChunk();
  }

  #readLine(line: string): void {
    if (this.#next === 'size') {
      this.#size = Number.parseInt(line, 16);
      if (Number.isNaN(this.#size)) throw noChunk();
      this.#next = this.#size === 0 ? 'trailer' : 'data';
    } else if (this.#next === 'end of data') this.#next = 'size';
    else {
      this.isOver = line === '';
      if (++this.#trailers > MAX_TRAILERS) throw noChunk();
    }
  }
}

/** A line without its end, or what has come of it. */
function lineAt(bytes: Uint8Array, at: number): { readonly text: string; readonly isWhole: boolean } {
  const there = Buffer.from(bytes.buffer, bytes.byteOffset + at, Math.min(bytes.length - at, MAX_LINE_BYTES));
  const end = there.indexOf('\r\n');
  if (end < 0 && there.length === MAX_LINE_BYTES) throw noChunk();
  const text = there.toString('latin1', 0, end < 0 ? there.length : end);
  return { text: end < 0 ? text.replace(/\r$/, '') : text, isWhole: end >= 0 };
}

function noChunk(): Error {
  return Object.assign(new Error('no chunk of a body'), { code: 'HPE_INVALID_CHUNK_SIZE' });
}
