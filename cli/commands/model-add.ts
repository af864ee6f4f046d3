import * as v from 'valibot';
import type { HubClient } from '#client/client.ts';
import { addModel, listModels } from '#client/models.ts';
import { Text } from '#node/flags.ts';
import { ModelDtype, ModelId, ModelRevision, type ModelView } from '#protocol/api/models.ts';
import { decodeWith } from '#protocol/values/decode.ts';
import { fault, must } from '#protocol/values/refusal.ts';
import { defineCommand } from '../command.ts';
import { HUB_FLAGS, HUB_HELP, openHub, placeOf } from '../hub.ts';
import { chooseVariant } from '../repository/choose.ts';
import { fetchFiles } from '../repository/fetch-files.ts';
import { openFolder } from '../repository/folder.ts';
import { isGguf, openGguf } from '../repository/gguf.ts';
import { openHuggingFace, type Pace } from '../repository/hugging-face.ts';
import type { Repository } from '../repository/repository.ts';
import type { World } from '../world.ts';
import { showModel } from './model-list.ts';

const HELP = `pocketgrid model add DIR | FILE | hf:OWNER/NAME[@REVISION] [flags]

Adds a model to a hub, for jobs to come: one ONNX file, the files with its data, and the JSON files that say how it is
used. DIR is a clone or an export; of FILE, an ONNX file, no settings are sent; a GGUF file of the Llama family is
converted first, its weights in 8 bits; hf: is a repository of the Hugging Face Hub at one commit. What breaks off goes on when the same is done again.

  --dtype DTYPE   fp32, fp16, q8, int8, uint8, q4, q4f16 or bnb4; without it fp32 if the hub takes that, else the
                  largest that it takes
  --name NAME     what the model is called on the hub; else OWNER/NAME, or the name of the folder or file
  --revision TEXT of a folder or file, what tells it from others of its name
${HUB_HELP}

  HF_ENDPOINT     a mirror to fetch from
  HF_TOKEN        for private and gated repositories; sent to that server alone
  XDG_CACHE_HOME  where files lie on their way

  pocketgrid model add hf:Xenova/all-MiniLM-L6-v2 --dtype q8`;

/** `pocketgrid model add`. */
export const addCommand = defineCommand({
  name: 'model add',
  summary: 'adds a model to a hub: a folder, a file, or hf:OWNER/NAME',
  help: HELP,
  words: ['source'],
  flags: {
    source: Text,
    dtype: v.exactOptional(ModelDtype),
    name: v.exactOptional(ModelId),
    revision: v.exactOptional(ModelRevision),
    ...HUB_FLAGS,
  },
  async run({ source, hub: asked, pin, ...flags }, world) {
    const hub = await openHub(world, placeOf({ hub: asked, pin }));
    const repository = await openRepository(source, world);
    try {
      const { model, wasThere } = await addRepository(hub, { repository, world, ...flags });
      await repository.forget();
      const line = `${showModel(model)}  ${wasThere ? 'was there already' : 'is added'}`;
      return {
        lines: [line, `use it: {"model":"${model.id}"} in the options of a job`],
        json: model,
      };
    } finally {
      await repository.close?.();
    }
  },
});

/** Opens what a command line names as a model. */
export function openRepository(source: string, world: World, pace?: Pace): Promise<Repository> {
  if (source.startsWith('hf:')) return openHuggingFace(source, world, pace);
  return isGguf(source) ? openGguf(source, world) : openFolder(source);
}

interface Adding {
  repository: Repository;
  world: World;
  dtype?: ModelDtype;
  name?: string;
  revision?: string;
}

/** Brings the files of a repository to a hub, unless the hub has the same state of it. */
export async function addRepository(
  hub: HubClient,
  { repository, world, dtype, name = repository.name, revision = repository.revision }: Adding,
): Promise<{ model: ModelView; wasThere: boolean }> {
  const id = decodeWith(ModelId, name, 'request-invalid');
  if (!id.ok) throw fault('request-invalid', `"${name}" is no name for a model; give one: --name`);
  const { data, limits } = must(await listModels(hub, { signal: world.signal }));
  // A commit never changes: what is here of it need not come again.
  const present = data.find(
    (each) => each.id === name && each.revision === revision && each.revision !== undefined,
  );
  const isPinned = repository.revision !== undefined && revision === repository.revision;
  if (present !== undefined && isPinned && (dtype ?? present.dtype) === present.dtype) {
    return { model: present, wasThere: true };
  }
  const variant = must(chooseVariant(repository, limits, dtype));
  const files = await fetchFiles(repository, { variant, limits, world });
  const options = {
    name,
    ...(revision !== undefined && { revision }),
    ...(variant.dtype !== undefined && { dtype: variant.dtype }),
  };
  world.tell(`sending ${files.length} files to the hub`);
  const model = must(await addModel(hub, { files, options }, { signal: world.signal }));
  const wasThere = data.some((each) => each.id === model.id && each.revision === model.revision);
  return { model, wasThere };
}
