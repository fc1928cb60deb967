/** How progress looks: the lines of a terminal and of a log. Pure functions of what is known. */
import { digestHex } from '../../model/digest.ts';
import type { Descriptor } from '../../model/descriptor.ts';
import { formatDuration, formatSize } from './bytes.ts';
import { type Piece, styled } from './style.ts';
import { type Arrival, kindOf, timeLeftMs, type Transfer, type Transfers } from './transfers.ts';

const outcomes = {
  exists: 'already there',
  mounted: 'mounted',
  skipped: 'kept elsewhere',
  written: 'done',
} as const;

const GAP = '  ';
const LONGEST_TIME = '59 min 59 s left'.length;
const BAR_WIDTH = 28;
const MIN_BAR_WIDTH = 6;

/** The line of an object that has arrived. */
export function arrivalLine({ descriptor, outcome, bytes, durationMs }: Arrival): Piece[] {
  const size = formatSize(descriptor.size).padStart(8);
  // What is there and was read all the same was read to be checked.
  const told = outcome === 'exists' && bytes > 0 ? 'read' : outcomes[outcome];
  const moved = outcome === 'written' || bytes > 0;
  const time = moved && durationMs > 0 ? ` in ${formatDuration(durationMs)}` : '';
  return [nameOf(descriptor), '  ', size, '  ', styled(`${told}${time}`, moved ? 'green' : 'dim')];
}

/** The line of an object under way, for a log. */
export function plainLine(transfer: Transfer): Piece[] {
  const { descriptor, bytes, rate } = transfer;
  const left = timeLeftMs(transfer);
  const speed = rate > 0 ? `  ${formatSize(rate)}/s` : '';
  const time = left === undefined ? '' : `  ${formatDuration(left)} left`;
  return [nameOf(descriptor), `  ${formatSize(bytes)} of ${formatSize(descriptor.size)}${speed}${time}`];
}

/** The lines of what is under way, for a terminal of this size; the last one tells of all. */
export function terminalLines(transfers: Transfers, columns: number, rows: number): Piece[][] {
  const shown = transfers.active.slice(0, Math.max(1, rows - 3));
  const hidden = transfers.active.length - shown.length;
  return [...shown.map((transfer) => barLine(transfer, columns)), summaryLine(transfers, hidden, columns)];
}

function summaryLine({ active, done, bytes, rate }: Transfers, hidden: number, columns: number): Piece[] {
  const parts = [`${done} done`, `${active.length} under way`, ...(hidden > 0 ? [`${hidden} not shown`] : [])];
  const speed = rate > 0 ? [`${formatSize(rate)}/s`] : [];
  return [styled(fitting([...parts, formatSize(bytes), ...speed], ', ', columns), 'dim')];
}

function barLine(transfer: Transfer, columns: number): Piece[] {
  const { descriptor, bytes, rate } = transfer;
  const left = timeLeftMs(transfer);
  const amount = `${formatSize(bytes).padStart(8)} of ${formatSize(descriptor.size).padEnd(8)}`;
  const speed = (rate > 0 ? `${formatSize(rate)}/s` : '').padStart(10);
  const time = left === undefined ? '' : `${formatDuration(left)} left`;
  const name = nameOf(descriptor);
  const rest = [amount, speed, time.padEnd(LONGEST_TIME)];
  const room = Math.min(BAR_WIDTH, columns - 1 - [name, '', ...rest].join(GAP).length);
  if (room < MIN_BAR_WIDTH) return [fitting([name, ...rest], GAP, columns).trimEnd()];
  const full = descriptor.size === 0 ? room : Math.min(room, Math.floor((bytes / descriptor.size) * room));
  const bar = [styled('━'.repeat(full), 'cyan'), styled('─'.repeat(room - full), 'dim')];
  return [name, GAP, ...bar, `${GAP}${rest.join(GAP)}`.trimEnd()];
}

/** As many of the parts as a line has room for. */
function fitting(parts: readonly string[], gap: string, columns: number): string {
  const whole = parts.map((part) => part.trimEnd()).join(gap);
  if (parts.length === 1) return whole.slice(0, Math.max(0, columns - 1));
  return whole.length < columns ? whole : fitting(parts.slice(0, -1), gap, columns);
}

/** What it is and the start of its digest, as wide as any other. */
function nameOf(descriptor: Descriptor): string {
  return `${kindOf(descriptor).padEnd(8)} ${digestHex(descriptor.digest).slice(0, 12)}`;
}
