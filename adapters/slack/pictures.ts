/** Pictures of the store as files of Slack: uploaded once a process, shown by their id. */
import { z } from 'zod';
import { minute } from '../../src/ground/durations.ts';
import { RecentMap } from '../../src/ground/remembered.ts';
import type { Block } from '../../src/message/model.ts';
import type { Clients } from './clients.ts';

/** Reads a PNG of the store. */
export type Pictures = (id: string) => Promise<{ readonly png: Buffer; readonly alt: string } | undefined>;

const Uploaded = z.object({ files: z.array(z.object({ files: z.array(z.object({ id: z.string() })) })) });

const mostUploads = 200;
/** A picture that was uploaded so lately may not have been taken in by Slack, which then refuses blocks that show it. */
const takenInMs = minute;

export class Uploads {
  readonly #uploaded = new RecentMap<string, { file: string; at: number }>(mostUploads);
  readonly #clients: Clients;
  readonly #pictures: Pictures;

  constructor(clients: Clients, pictures: Pictures) {
    this.#clients = clients;
    this.#pictures = pictures;
  }

  /** File ids of the pictures in these blocks; one that the store no longer has is left out, and described instead. */
  async filesFor(blocks: readonly Block[]): Promise<{ files: ReadonlyMap<string, string>; fresh: boolean }> {
    const files = new Map<string, string>();
    let fresh = false;
    for (const block of blocks) {
      if (block.kind !== 'image' || files.has(block.id)) continue;
      const found = this.#uploaded.get(block.id) ?? (await this.#upload(block.id));
      if (found === undefined) continue;
      files.set(block.id, found.file);
      fresh ||= performance.now() - found.at < takenInMs;
    }
    return { files, fresh };
  }

  async #upload(id: string): Promise<{ file: string; at: number } | undefined> {
    const picture = await this.#pictures(id);
    if (picture === undefined) return undefined;
    const answer = await this.#clients.posting.files.uploadV2({
      file: picture.png,
      filename: 'picture.png',
      title: picture.alt.slice(0, 200),
      alt_text: picture.alt.slice(0, 1_000),
    });
    const file = Uploaded.parse(answer).files[0]?.files[0]?.id;
    if (file === undefined) return undefined;
    const uploaded = { file, at: performance.now() };
    this.#uploaded.set(id, uploaded);
    return uploaded;
  }
}
