/**
 * Changes that write layers anew: each layer once however many images share it, so many at a time, and kept until all of it has been
 * published. When one fails, the others end, and nothing is kept.
 */
import type { Call } from '../../model/call.ts';
import type { Descriptor } from '../../model/descriptor.ts';
import { withTasks } from '../../graph/tasks.ts';
import { type Spool, spoolToMemory } from '../../store/spool.ts';
import type { Source } from '../../store/types.ts';
import { type Changed, changeImages, type ChangeOptions, type ImageChange, type ImageToChange } from './change.ts';
import { checkCompression, type LayerCompression } from '../layer/compress.ts';

export interface ChangeLayersOptions extends ChangeOptions, LayerCompression {
  /**
   * Where new layers are kept, and those that they are made of while they are read: `spoolToDisk()` of `lading/node`. In memory unless
   * told, and then no layer may be larger than 256 MiB.
   */
  readonly spool?: Spool | undefined;
}

/** A changed image that has new layers. */
export interface ChangedLayers extends Changed {
  /** Gives back the space of the new layers; then they can be read no more. */
  readonly close: () => Promise<void>;
}

/** Where layers are written anew. */
export interface LayerWork {
  readonly spool: Spool;
  readonly call: Call;
  /** Does a piece of work once for a key; what comes of it is kept until the change is closed. */
  readonly once: <T extends { close(): Promise<void> }>(key: string, work: () => Promise<T>) => Promise<T>;
}

/** Says what becomes of an image, whose layers may be written anew on the way. */
export type LayersChange = (image: ImageToChange, work: LayerWork) => Promise<ImageChange | undefined>;

const IN_MEMORY = 256 * 2 ** 20;

/** As {@link changeImages}. Whoever publishes the result closes it afterwards. */
export async function changeLayers(
  source: Source,
  reference: string | Descriptor,
  options: ChangeLayersOptions,
  change: LayersChange,
): Promise<ChangedLayers> {
  const { spool = spoolToMemory(IN_MEMORY), concurrency = 4, platforms, on } = options;
  await checkCompression(options);
  const kept: { close(): Promise<void> }[] = [];
  const close = async (): Promise<void> => {
    await Promise.all(kept.splice(0).map((one) => one.close()));
  };
  try {
    const changed = await withTasks(concurrency, options.signal, (tasks) => {
      const call: Call = { signal: tasks.signal, on };
      const work: LayerWork = {
        spool,
        call,
        once: (key, make) =>
          tasks.once(key, () =>
            tasks.run(async () => {
              const made = await make();
              kept.push(made);
              return made;
            }),
          ),
      };
      return changeImages(source, reference, { ...call, platforms, concurrency }, (image) => change(image, work));
    });
    return { ...changed, close };
  } catch (error) {
    await close();
    throw error;
  }
}
