/** Where one work happens: what every run of it is given, and which registries are watched meanwhile. */
import { join } from 'node:path';
import type { Ground, Watched } from './ground.ts';
import type { Route } from './words.ts';
import { MANY_TAGS, type Work } from './works.ts';

export interface Stage {
  readonly watched: readonly Watched[];
  /** @param fresh a directory of this run, which is gone after it */
  readonly route: (player: string, run: number, fresh: string) => Route;
}

export async function openStage(ground: Ground, work: Work): Promise<Stage> {
  return work.subject === 'lists' ? listStage(ground, work) : imageStage(ground, work, work.subject);
}

async function listStage(ground: Ground, { action, far }: Work): Promise<Stage> {
  const lists = await ground.lists();
  const host = far ? await ground.far(lists.host) : lists.host;
  const from = action === 'repos' ? host : `${host}/n0000`;
  return { watched: [lists], route: () => ({ from, to: from, tag: '', layout: '' }) };
}

async function imageStage(ground: Ground, work: Work, subject: Exclude<Work['subject'], 'lists'>): Promise<Stage> {
  const { action, standing, far } = work;
  const watched = await Promise.all([ground.from(), ground.to()]);
  const tag = subject === 'many' ? 'small' : subject;
  await (subject === 'many' ? ground.putMany(MANY_TAGS) : ground.putImage(tag));
  const [from, to] = await Promise.all(watched.map(async ({ host }) => (far ? ground.far(host) : host)));
  const source = await ground.layout(tag);
  return {
    watched,
    route: (player, run, fresh) => {
      // What stands already was put there by the same program, in the warm-up.
      const place = standing ? `standing-${slug(player)}` : `run-${run}`;
      const target = standing ? join(ground.scratch, `${place}-${far ? 'far' : 'near'}`) : join(fresh, 'layout');
      return {
        from: subject === 'many' ? `${from}/bench/many` : `${from}/bench/image:${tag}`,
        to: `${to}/bench/${place}:${tag}`,
        tag,
        layout: action === 'push' ? source : target,
      };
    },
  };
}

const slug = (name: string): string => name.replaceAll(/[^a-z0-9]+/g, '-').replace(/-$/, '');
