/** Pictures of the store as files of Slack: uploaded once a process, shown by their id. */
import { z } from 'zod';
import type { Block } from '../../src/message/model.ts';
import type { Clients } from './clients.ts';

/** A PNG of the store. */
export type Picture = { readonly png: Buffer; readonly alt: string };
export type Pictures = (id: string) => Promise<Picture | undefined>;

export type Uploads = {
  /**
   * File ids of the pictures in these blocks; one that the store no longer has is left out, and described instead. `fresh`:
   * one was uploaded so lately that Slack may not have taken it in yet, and refuses blocks that show it.
   */
  filesFor(blocks: readonly Block[]): Promise<{ files: ReadonlyMap<string, string>; fresh: boolean }>;
};

const Uploaded = z.object({ files: z.array(z.object({ files: z.array(z.object({ id: z.string() })) })) });

const remembered = 200;
const takenInMs = 60_000;

export function createUploads(clients: Clients, pictures: Pictures): Uploads {
  const known = new Map<string, { file: string; at: number }>();

  async function upload(id: string): Promise<{ file: string; at: number } | undefined> {
    const picture = await pictures(id);
    if (picture === undefined) return undefined;
    const answer = await clients.posting.files.uploadV2({
      file: picture.png,
      filename: 'picture.png',
      title: picture.alt.slice(0, 200),
      alt_text: picture.alt.slice(0, 1_000),
    });
    const file = Uploaded.parse(answer).files[0]?.files[0]?.id;
    if (file === undefined) return undefined;
    const uploaded = { file, at: performance.now() };
    known.set(id, uploaded);
    const [oldest] = known.keys();
    if (known.size > remembered && oldest !== undefined) known.delete(oldest);
    return uploaded;
  }

  return {
    filesFor: async (blocks) => {
      const files = new Map<string, string>();
      let fresh = false;
      for (const block of blocks) {
        if (block.kind !== 'image' || files.has(block.id)) continue;
        const found = known.get(block.id) ?? (await upload(block.id));
        if (found === undefined) continue;
        files.set(block.id, found.file);
        fresh ||= performance.now() - found.at < takenInMs;
      }
      return { files, fresh };
    },
  };
}
