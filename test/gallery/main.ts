/**
 * `npm run gallery`: every card and form of the gallery as Slack shows it, one JSON file each, in gallery/slack/. A file's
 * content can be pasted into Slack's Block Kit Builder.
 */
import { mkdirSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { renderForm } from '../../adapters/slack/forms.ts';
import { renderMessage } from '../../adapters/slack/render.ts';
import { gallery, galleryForms } from './gallery.ts';
import { sceneNow, sceneZone } from './samples/scene.ts';

const folder = join('gallery', 'slack');
const scene = { now: sceneNow, timeZone: sceneZone };

function write(name: string, content: unknown): void {
  const file = `${name.toLowerCase().replaceAll(/[^a-z0-9]+/g, '-')}.json`;
  writeFileSync(join(folder, file), `${JSON.stringify(content, undefined, 2)}\n`);
}

rmSync(folder, { recursive: true, force: true });
mkdirSync(folder, { recursive: true });
for (const { name, message, now = sceneNow } of gallery) write(name, renderMessage(message, { ...scene, now }));
for (const { name, form } of galleryForms) write(`form ${name}`, renderForm(form, scene));
console.log(`${gallery.length} cards and ${galleryForms.length} forms are in ${folder}`);
