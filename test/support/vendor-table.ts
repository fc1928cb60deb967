/** The table of the vendors as `docs/registries.md` has it, made of what the vendors say themselves. */
import { vendors } from '../../src/testing/vendors.ts';

export function vendorTable(): string {
  const rows = vendors.flatMap(({ name, behaviours }) =>
    behaviours.map(
      ({ behaviour, source }) => `| \`${name}\` | ${behaviour} | ${[source].flat().map(cited).join(', ')} |`,
    ),
  );
  return ['| profile | what it does | seen at |', '|---|---|---|', ...rows].join('\n');
}

function cited(source: string): string {
  if (source.startsWith('https://')) return `<${source}>`;
  return source.includes(':') ? `\`${source}\`` : source;
}
