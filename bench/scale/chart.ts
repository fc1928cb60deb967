/** Cost against size as a picture: a panel for each series, both axes logarithmic, so that what grows with the size is a slope of one. */
import { medianOf, type Of } from './growth.ts';
import type { Scaled } from './scale.ts';

const PANEL = { width: 300, height: 230, left: 46, right: 12, top: 34, bottom: 34 } as const;
const COLUMNS = 3;
const HEAD = 36;
/** From 10 to 1,000,000: milliseconds and MiB share the axis. */
const DECADES = [1, 2, 3, 4, 5, 6] as const;

const lines: readonly { readonly of: Of; readonly scale: number; readonly color: string; readonly label: string }[] = [
  { of: 'cpuMs', scale: 1, color: '#0969da', label: 'CPU, ms' },
  { of: 'wallMs', scale: 1, color: '#8250df', label: 'wall, ms' },
  { of: 'rss', scale: 1 << 20, color: '#bc4c00', label: 'peak memory, MiB' },
];

export function chart(all: readonly Scaled[]): string {
  const rows = Math.ceil(all.length / COLUMNS);
  const [width, height] = [COLUMNS * PANEL.width, HEAD + rows * PANEL.height];
  const panels = all.map((scaled, at) => {
    const [x, y] = [(at % COLUMNS) * PANEL.width, HEAD + Math.floor(at / COLUMNS) * PANEL.height];
    return `<g transform="translate(${x} ${y})">\n${panel(scaled)}\n</g>`;
  });
  return [
    `<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 ${width} ${height}" width="${width}" height="${height}" font-family="sans-serif" font-size="11" fill="#1f2328">`,
    `<rect width="${width}" height="${height}" fill="#fff"/>`,
    legend(),
    ...panels,
    '</svg>\n',
  ].join('\n');
}

function legend(): string {
  const entries = [...lines, { color: '#8c959f', label: 'grows with the size' }];
  return entries
    .map(({ color, label }, at) => {
      const x = 46 + at * 150;
      const dash = at === lines.length ? ' stroke-dasharray="4 4"' : '';
      return `<line x1="${x}" x2="${x + 20}" y1="18" y2="18" stroke="${color}" stroke-width="2"${dash}/><text x="${x + 26}" y="22">${label}</text>`;
    })
    .join('\n');
}

function panel({ title, unit, points }: Scaled): string {
  const sizes = points.map(({ size }) => size);
  const x = axis(Math.min(...sizes), Math.max(...sizes), PANEL.left, PANEL.width - PANEL.right);
  const y = axis(10 ** DECADES[0], 10 ** 6, PANEL.height - PANEL.bottom, PANEL.top);
  const drawn = lines.map(({ of, scale, color }) => {
    const dots = points.map((point) => [x(point.size), y(medianOf(point, of) / scale)] as const);
    const path = dots.map(([left, top]) => `${left},${top}`).join(' ');
    const circles = dots.map(([left, top]) => `<circle cx="${left}" cy="${top}" r="2.5" fill="${color}"/>`).join('');
    return `<polyline points="${path}" fill="none" stroke="${color}" stroke-width="2"/>${circles}`;
  });
  return [
    `<text x="${PANEL.left}" y="18" font-weight="bold" font-size="12">${title}</text>`,
    ...grid(y),
    ...sizes.map((size) => `<text x="${x(size)}" y="${PANEL.height - 18}" text-anchor="middle">${short(size)}</text>`),
    `<text x="${PANEL.width - PANEL.right}" y="${PANEL.height - 4}" text-anchor="end" fill="#59636e">${unit}</text>`,
    guide(points, x, y),
    ...drawn,
  ].join('\n');
}

/** Where a value stands between two ends, by its logarithm. */
function axis(low: number, high: number, from: number, to: number): (value: number) => number {
  const span = Math.log(high / low) || 1;
  return (value) => Number((from + ((to - from) * Math.log(Math.max(value, low) / low)) / span).toFixed(1));
}

function grid(y: (value: number) => number): string[] {
  return DECADES.map((decade) => {
    const top = y(10 ** decade);
    const line = `<line x1="${PANEL.left}" x2="${PANEL.width - PANEL.right}" y1="${top}" y2="${top}" stroke="#d1d9e0"/>`;
    return `${line}<text x="${PANEL.left - 6}" y="${top + 4}" text-anchor="end" fill="#59636e">${short(10 ** decade)}</text>`;
  });
}

/** What would grow with the size, through the CPU of the largest, as far as it is in the panel. */
function guide(points: Scaled['points'], x: (size: number) => number, y: (value: number) => number): string {
  const [first, last] = [points[0], points.at(-1)];
  if (first === undefined || last === undefined) return '';
  const end = medianOf(last, 'cpuMs');
  const from = Math.max(first.size, (last.size * 10) / end);
  const start = (end * from) / last.size;
  return `<line x1="${x(from)}" y1="${y(start)}" x2="${x(last.size)}" y2="${y(end)}" stroke="#8c959f" stroke-dasharray="4 4"/>`;
}

function short(value: number): string {
  if (value >= 1e6) return `${value / 1e6}M`;
  return value >= 10_000 ? `${value / 1000}k` : String(value);
}
