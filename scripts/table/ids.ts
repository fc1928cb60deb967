/** Ids of promises, `RUBY-12`, `A1` or `CAP-E11`, and which of them a title carries. A title begins with its ids: `A1 NAME-1: reads …`. */

const shape = /^([A-Z]+-?[A-Z]*)\d+$/;

export function isId(text: string): boolean {
  return shape.test(text);
}

/** What the ids of one list have in common: `RUBY-`, `A`, `CAP-E`. */
export function seriesOf(id: string): string {
  return shape.exec(id)?.[1] ?? '';
}

/** The ids that a title begins with. Those further on are only spoken of. */
export function leadingIds(title: string): readonly string[] {
  const words = title.split(/[\s,:/+&]+/);
  const end = words.findIndex((word) => !isId(word));
  return end < 0 ? words : words.slice(0, end);
}
