/** The card of one app's block: what it would do, which steps are done, whether it holds, and what comes next. */

import { isOnline, loadCapabilities } from '../../exchange/stored-capabilities.ts';
import { namesOf } from '../../incidents/incident/view.ts';
import type { Block, DraftMessage, Intent, StepMark, Text, Tone } from '../../message/model.ts';
import { button, buttons, code, list, note, paragraph, present, strong, text, time } from '../../message/text.ts';
import { counted } from '../../message/words.ts';
import type { Projection } from '../../store/projection.ts';
import { type Preview, previewOf, wipeWarnings } from './preview.ts';
import { type AppBlock, type Step, stepTitle } from './steps.ts';
import { type BlockView, loadBlock } from './store.ts';
import { type Verdict, verdictIn, verdictSentence } from './verify.ts';

/** More names than these make a card that nobody reads. */
const mostNames = 8;

export const appBlockProjection: Projection = {
  kind: 'app-block',
  async render({ db, id, now }): Promise<DraftMessage | undefined> {
    const view = await loadBlock(db, Number(id)).catch(() => undefined);
    if (view === undefined) return undefined;
    const { block } = view;
    const verdict = verdictIn(block);
    const names = await namesOf(db, [block.requestedBy, ...view.steps.map(({ requestedBy }) => requestedBy)]);
    const shownSteps = view.steps
      .slice(-10)
      .map((step) => ({ mark: marks[step.state], text: stepText(step, names.get(step.requestedBy)) }));
    const stepList: Block<never>[] = shownSteps.length === 0 ? [] : [{ kind: 'steps', steps: shownSteps }];
    const asked = [`Asked by ${names.get(block.requestedBy) ?? 'somebody'}, `, time(block.requestedAt)] as const;
    if (block.state === 'ended') {
      return {
        title: `${block.name} is no longer blocked`,
        tone: 'neutral',
        blocks: [paragraph(...asked, '.'), ...stepList],
      };
    }
    const preview = await previewOf(db, block, now);
    return {
      ...headOf(view, verdict),
      blocks: [
        ...verdictBlocks(block, verdict),
        ...previewBlocks(block, preview),
        ...stepList,
        nextButtons(view, preview, verdict, isOnline(await loadCapabilities(db, block.organisation))),
        note(...asked, '. Undo: ', code(`unblock app ${block.name}`), '.'),
      ],
    };
  },
};

function headOf({ block, steps }: BlockView, verdict: Verdict | undefined): { title: string; tone: Tone } {
  const { name, since } = block;
  if (verdict?.state === 'blocked') return { title: `${name} is blocked`, tone: 'success' };
  if (verdict?.state === 'leaking')
    return { title: `${name}: ${verdict.through.length} of ${verdict.total} still get through`, tone: 'danger' };
  const begun = steps.some(({ state }) => state === 'done' || state === 'approved');
  return { title: begun ? `Blocking ${name}` : `Block ${name}?`, tone: since === null ? 'warning' : 'neutral' };
}

function verdictBlocks({ since }: AppBlock, verdict: Verdict | undefined): Block<Intent>[] {
  if (since === null) return [];
  if (verdict === undefined) return [paragraph('In force since ', time(since), '. I am watching logs and devices.')];
  const { state, lastSuccess, through } = verdict;
  const sentence = verdictSentence(verdict);
  const shown = through.slice(0, mostNames);
  const leaking = state === 'leaking';
  return present(
    state === 'waiting'
      ? paragraph('In force since ', time(since), `: ${sentence}. Exchange may take some minutes; I go on watching.`)
      : paragraph(strong(sentence), ' since ', time(leaking ? since : verdict.since), '.'),
    !verdict.logs && note('No log tells of refusals here, so this is only what Exchange says of the devices.'),
    leaking && list(...shown.map((one) => text(strong(one.name), ` ${one.how}, last let in `, time(one.lastLetIn)))),
    leaking && through.length > shown.length && note(`… ${through.length - shown.length} more`),
    !leaking && lastSuccess !== null && note('Mail was last served to it ', time(lastSuccess), '.'),
  );
}

function previewBlocks({ name, since }: AppBlock, preview: Preview): Block<never>[] {
  const { phones, people, choice, wipes, onlyInLogs } = preview;
  if (phones.length === 0) return [paragraph(`No phone comes with ${name} now.`)];
  const uncovered = choice.uncovered.length;
  return present(
    since === null &&
      paragraph(
        strong(`${counted(people.length, 'person loses', 'people lose')} mail in that app`),
        ` on ${counted(phones.length, 'phone')}`,
        wipes.length === 0 ? '; nobody has a wipe on its way there.' : '.',
      ),
    ...wipeWarnings(preview),
    choice.rules.length > 0 && paragraph('Exact strings that Exchange holds for them, and for nobody else:'),
    choice.rules.length > 0 &&
      list(
        ...choice.rules.map((rule) =>
          text(
            `${rule.characteristic} `,
            code(rule.queryString),
            ` (${counted(rule.phones, 'phone')}, none of others)`,
          ),
        ),
      ),
    uncovered > 0 &&
      paragraph(
        `${counted(uncovered, 'phone gives', 'phones give')} no name that others do not give as well: only a personal block reaches ${uncovered === 1 ? 'it' : 'them'}.`,
      ),
    onlyInLogs > 0 &&
      paragraph(
        `${counted(onlyInLogs, 'phone stands', 'phones stand')} only in the logs: Exchange lists no such device, so no rule can be made from it.`,
      ),
  );
}

const marks: Readonly<Record<Step['state'], StepMark>> = {
  waiting: 'waiting',
  approved: 'active',
  done: 'done',
  failed: 'failed',
  undone: 'unknown',
  dropped: 'failed',
};

function stepText({ payload, state, doneAt, result }: Step, requester = 'who asked'): Text {
  const title = stepTitle(payload);
  const sentence = result?.sentence ?? '';
  switch (state) {
    case 'waiting':
      return text(`${title} — waits for an approver other than ${requester}`);
    case 'approved':
      return text(`${title} — approved, being carried out`);
    case 'done':
      return doneAt === null ? text(title) : text(`${title}, `, time(doneAt), sentence === '' ? '' : ` — ${sentence}`);
    case 'failed':
    case 'dropped':
      return text(`${title} — ${sentence === '' ? 'not done' : sentence}`);
    case 'undone':
      return text(`${title} — taken back`);
  }
}

function nextButtons(
  { block, steps }: BlockView,
  preview: Preview,
  verdict: Verdict | undefined,
  online: boolean | undefined,
): Block<Intent> {
  const stage = (label: string, name: string, style: { style?: 'primary' | 'danger' } = {}) =>
    button(label, 'block-app-stage', { block: block.id, stage: name }, { ...style, epoch: steps.length });
  const show = (label: string, what: string) => button(label, 'block-app-look', { block: block.id, what });
  const stands = (kind: Step['kind'], ...states: Step['state'][]) =>
    steps.some((step) => step.kind === kind && states.includes(step.state));
  const free = (kind: Step['kind']) => !stands(kind, 'waiting', 'approved');
  const level = steps.filter(({ kind, state }) => kind === 'rule' && state === 'done').at(-1)?.payload;
  const blocked = level?.kind === 'rule' && level.level === 'Block';
  const ruleMayCome = free('rule') && preview.choice.rules.length > 0;
  const personal = preview.choice.uncovered.length > 0 || (verdict?.through.some(({ guid }) => guid !== null) ?? false);
  return buttons(
    ...present(
      block.since === null &&
        free('notice') &&
        !stands('notice', 'done') &&
        preview.phones.length > 0 &&
        stage('Tell them first', 'notice', { style: 'primary' }),
      ruleMayCome && level === undefined && stage('Quarantine', 'quarantine'),
      ruleMayCome && (!blocked || verdict?.state === 'leaking') && stage('Block', 'block', { style: 'danger' }),
      free('personal') && personal && stage('Personal block', 'personal', { style: 'danger' }),
      online !== true && free('ews') && !stands('ews', 'done') && stage('EWS too', 'ews'),
      show('web.config…', 'config'),
      show('Text for the edge', 'edge'),
      show('List people', 'people'),
    ),
  );
}
