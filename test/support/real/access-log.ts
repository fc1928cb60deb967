/** What docker-registry and nginx write for each request: Apache's combined log format. */

export interface AccessEntry {
  readonly method: string;
  /** With its query. */
  readonly path: string;
  readonly status: number;
  /** Bytes of the answer's body. */
  readonly bytes: number;
  readonly userAgent: string;
}

const combined = /^\S+ \S+ .* \[[^\]]+\] "([A-Z]+) (\S+) HTTP\/[\d.]+" (\d{3}) (\d+|-) "[^"]*" "([^"]*)"$/;

/** Reads the lines that are log entries, and skips the others. */
export function parseAccessLog(lines: readonly string[]): AccessEntry[] {
  return lines.flatMap((line) => {
    const match = combined.exec(line);
    if (match === null) return [];
    const [, method = '', path = '', status, bytes, userAgent = ''] = match;
    return [{ method, path, status: Number(status), bytes: Number(bytes) || 0, userAgent }];
  });
}
