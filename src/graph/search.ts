/** Looking for repositories by their names. There is no such request: the whole catalog is listed, page by page. */
import { mapPages } from '../store/paged.ts';
import type { ListOptions, Registry } from '../store/types.ts';

/**
 * The repositories of a registry whose names hold a text, literally and in this case (names are lower case), or match a
 * pattern anywhere; all of them without either. They come as the pages do.
 * @throws OciError `UNSUPPORTED`, `UNAUTHORIZED`: many registries keep their catalog to themselves
 * @example for await (const name of search(client.registry('localhost:5000'), 'team/')) console.log(name);
 */
export function search(
  registry: Registry,
  text: string | RegExp = '',
  options: ListOptions = {},
): AsyncGenerator<string> {
  const matches = typeof text === 'string' ? (name: string) => name.includes(text) : matcher(text);
  return mapPages(registry.repositories(options), (page) => page.filter(matches));
}

/** A pattern with `g` or `y` remembers where it stopped, and would pass over the beginning of the next name. */
function matcher({ source, flags }: RegExp): (name: string) => boolean {
  const pattern = new RegExp(source, flags.replace(/[gy]/g, ''));
  return (name) => pattern.test(name);
}
