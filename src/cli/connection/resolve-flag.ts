/** `--resolve host:port:address[:declared-address]`: where a host is, instead of asking DNS. */
import { OciError } from '../../errors.ts';
import { quote } from '../../model/quote.ts';
import type { Resolve, Resolved } from '../../node/http/lookup.ts';

const address = String.raw`\[[0-9a-fA-F:.]+\]|[^:\[\]]+`;
const grammar = new RegExp(String.raw`^(${address}):(\d{1,5}|\*):(${address})(?::(${address}))?$`);

/**
 * The answers that the flags give; undefined: there are none.
 * @throws OciError `USAGE`
 */
export function resolver(flags: readonly string[]): Resolve | undefined {
  if (flags.length === 0) return undefined;
  const answers = new Map<string, Resolved>(flags.map(parseFlag));
  return (hostname, port) =>
    answers.get(`${hostname.toLowerCase()}:${port}`) ?? answers.get(`${hostname.toLowerCase()}:*`);
}

function parseFlag(flag: string): [string, Resolved] {
  const [, host = '', port = '', at = '', declared] = grammar.exec(flag) ?? [];
  const resolved: Resolved = { address: bare(at), ...(declared === undefined ? {} : { declared: bare(declared) }) };
  const { isIP } = process.getBuiltinModule('node:net');
  const isKnown = isIP(resolved.address) !== 0 && isIP(resolved.declared ?? resolved.address) !== 0;
  if (isKnown) return [`${bare(host).toLowerCase()}:${port}`, resolved];
  throw new OciError('USAGE', `--resolve ${quote(flag, 100)} is not host:port:address`, {
    hint: 'e.g. registry.example:443:192.0.2.7; an IPv6 address stands in brackets, a port may be *',
  });
}

function bare(text: string): string {
  return text.replace(/^\[|\]$/g, '');
}
