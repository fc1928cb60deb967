/**
 * When what was sent arrives at the other end of a long line, in milliseconds of any clock.
 *
 * Half of the round trip lies between the ends, in each direction. A connection takes a whole round trip before its first byte may leave
 * (SYN there, SYN/ACK back). A program cannot hold back a SYN: the kernel has answered it on loopback before anybody accepts. So what
 * the client sends counts as sent no earlier than a round trip after it has connected. Connect and one request take two round trips, as
 * over such a line; a connection that was opened ahead of need and has waited costs nothing more; and answers wait for half only. The
 * slow start of TCP, losses and the width of a line are not imitated, nor is the one thing that a client could do meanwhile: it
 * believes to be connected at once.
 */
export function arrival(sentAt: number, connectedAt: number, roundTripMs: number, by: 'client' | 'server'): number {
  const leaves = by === 'client' ? Math.max(sentAt, connectedAt + roundTripMs) : sentAt;
  return leaves + roundTripMs / 2;
}
