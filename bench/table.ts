/** Tables of Markdown that a terminal shows well, and numbers with the unit that fits them. */
import type { Measure, Summary } from './statistics.ts';

const MIB = 1 << 20;

/** Columns are as wide as their widest cell; all but the first are right-aligned. */
export function table(head: readonly string[], rows: readonly (readonly string[])[]): string {
  const lines = [head, ...rows];
  const widths = head.map((_, column) => Math.max(3, ...lines.map((cells) => (cells[column] ?? '').length)));
  const line = (cells: readonly string[]): string => {
    const padded = widths.map((width, at) =>
      at === 0 ? (cells[at] ?? '').padEnd(width) : (cells[at] ?? '').padStart(width),
    );
    return `| ${padded.join(' | ')} |`;
  };
  const rule = widths.map((width, at) => (at === 0 ? '-'.repeat(width) : `${'-'.repeat(width - 1)}:`));
  return [line(head), `| ${rule.join(' | ')} |`, ...rows.map(line)].join('\n');
}

/** `1.38 s [1.30 … 1.52]`: the median, and minimum and maximum in the same unit. */
export function shownSummary(measure: Measure, { median, min, max }: Summary): string {
  const { scale, unit } = unitOf(measure, median);
  return `${digits(median / scale)}${unit} [${digits(min / scale)} … ${digits(max / scale)}]`;
}

export function shown(measure: Measure, value: number): string {
  if (measure === 'requests') return String(value);
  const { scale, unit } = unitOf(measure, value);
  return `${digits(value / scale)}${unit}`;
}

function unitOf(measure: Measure, value: number): { readonly scale: number; readonly unit: string } {
  if (measure === 'requests') return { scale: 1, unit: '' };
  if (measure === 'rss') return { scale: MIB, unit: ' MiB' };
  if (measure === 'bytes') return value < MIB ? { scale: 1024, unit: ' KiB' } : { scale: MIB, unit: ' MiB' };
  return value < 1000 ? { scale: 1, unit: ' ms' } : { scale: 1000, unit: ' s' };
}

/** Three that tell something. */
function digits(value: number): string {
  return value === 0 || value >= 100 ? value.toFixed(0) : value.toPrecision(3);
}
