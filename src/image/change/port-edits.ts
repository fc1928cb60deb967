/** Ports that an image exposes, as docker reads and writes them: `80` is `80/tcp`, `8000-8010/udp` is each of these. */
import { OciError } from '../../errors.ts';
import { quote } from '../../model/quote.ts';
import type { MapEdits } from './map-edits.ts';

/**
 * What becomes of the ports of a map, by the names that they have there.
 * @param wanted true adds a port, false removes it
 * @throws OciError `USAGE` for what is no port
 */
export function portEdits(
  current: Readonly<Record<string, unknown>> = {},
  wanted: Readonly<Record<string, boolean>> = {},
): MapEdits<object> {
  const standing = new Map(Object.keys(current).map((name) => [name.includes('/') ? name : `${name}/tcp`, name]));
  const edits = Object.entries(wanted).flatMap(([text, isWanted]) =>
    (Object.hasOwn(current, text) ? [text] : portsOf(text)).map(
      (port) => [standing.get(port) ?? port, isWanted ? {} : null] as const,
    ),
  );
  return Object.fromEntries(edits);
}

function portsOf(text: string): readonly string[] {
  const [, first = '', last = first, protocol = 'tcp'] =
    /^(\d{1,5})(?:-(\d{1,5}))?(?:\/(tcp|udp|sctp))?$/.exec(text) ?? [];
  const [from, to] = [Number(first), Number(last)];
  if (first === '' || from < 1 || to < from || to > 65_535) {
    throw new OciError('USAGE', `${quote(text)} is not a port`, { hint: 'write 80, 53/udp or 8000-8010/tcp' });
  }
  return Array.from({ length: to - from + 1 }, (_, at) => `${from + at}/${protocol}`);
}
