/** The card of one app's block: what it would do, which steps are done, whether it holds, and what comes next. */

import { namesOf } from '../../incidents/incident/view.ts';
import type { Block, DraftMessage, Intent, StepMark, Text, Tone } from '../../message/model.ts';
import { button, buttons, code, list, note, paragraph, strong, text, time } from '../../message/text.ts';
import type { Projection } from '../../store/projection.ts';
import { counted } from '../cards/apps.ts';
import { wipeWarnings } from './card-parts.ts';
import { type Preview, previewOf } from './preview.ts';
import { type AppBlock, type Step, stepTitle } from './steps.ts';
import { type BlockView, loadBlock } from './store.ts';
import { Verdict, verdictSentence } from './verify.ts';

/** More names than these make a card that nobody reads. */
const mostNames = 8;

export const appBlockProjection: Projection = {
  kind: 'app-block',
  async render({ db, id, now }): Promise<DraftMessage | undefined> {
    const view = await loadBlock(db, Number(id)).catch(() => undefined);
    if (view === undefined) return undefined;
    const { block, steps } = view;
    const verdict = Verdict.safeParse(block.verdict).data;
    const names = await namesOf(db, [block.requestedBy, ...steps.map(({ requestedBy }) => requestedBy)]);
    const asked = names.get(block.requestedBy) ?? 'somebody';
    if (block.state === 'ended') {
      return {
        title: `${block.name} is no longer blocked`,
        tone: 'neutral',
        blocks: [paragraph(`Asked by ${asked}, `, time(block.requestedAt), '.'), ...stepList(steps, names)],
      };
    }
    const preview = await previewOf(db, { organisation: block.organisation, app: block.app, now });
    return {
      title: titleOf(block, steps, verdict),
      tone: toneOf(verdict, block),
      blocks: [
        ...verdictBlocks(block, verdict),
        ...previewBlocks(block, preview),
        ...stepList(steps, names),
        ...nextButtons(view, preview, verdict),
        note(`Asked by ${asked}, `, time(block.requestedAt), '. Undo: ', code(`unblock app ${block.name}`), '.'),
      ],
    };
  },
};

function titleOf(block: AppBlock, steps: readonly Step[], verdict: Verdict | undefined): string {
  if (verdict?.state === 'blocked') return `${block.name} is blocked`;
  if (verdict?.state === 'leaking')
    return `${block.name}: ${verdict.through.length} of ${verdict.total} still get through`;
  return steps.some(({ state }) => state === 'done' || state === 'approved')
    ? `Blocking ${block.name}`
    : `Block ${block.name}?`;
}

function toneOf(verdict: Verdict | undefined, block: AppBlock): Tone {
  if (verdict?.state === 'blocked') return 'success';
  if (verdict?.state === 'leaking') return 'danger';
  return block.since === null ? 'warning' : 'neutral';
}

function verdictBlocks(block: AppBlock, verdict: Verdict | undefined): Block<Intent>[] {
  if (block.since === null) return [];
  if (verdict === undefined)
    return [paragraph('In force since ', time(block.since), '. I am watching logs and devices.')];
  const { state, since, lastSuccess, through } = verdict;
  const sentence =
    state === 'blocked'
      ? paragraph(strong(`${verdictSentence(verdict)}`), ' since ', time(since), '.')
      : state === 'leaking'
        ? paragraph(strong(verdictSentence(verdict)), ' since ', time(block.since), '.')
        : paragraph(
            'In force since ',
            time(block.since),
            `: ${verdictSentence(verdict)}. Exchange may take some minutes; I go on watching.`,
          );
  const shown = through.slice(0, mostNames);
  return [
    sentence,
    ...(verdict.logs
      ? []
      : [note('No log tells of refusals here, so this is only what Exchange says of the devices.')]),
    ...(state === 'leaking'
      ? [
          list(...shown.map((one): Text => text(strong(one.name), ` ${one.how}, last let in `, time(one.lastLetIn)))),
          ...(through.length > shown.length ? [note(`… ${through.length - shown.length} more`)] : []),
        ]
      : lastSuccess === null
        ? []
        : [note('Mail was last served to it ', time(lastSuccess), '.')]),
  ];
}

function previewBlocks(block: AppBlock, { phones, people, choice, wipes, onlyInLogs }: Preview): Block<Intent>[] {
  if (phones.length === 0) return [paragraph(`No phone comes with ${block.name} now.`)];
  const strings = choice.rules.map(
    (rule): Text =>
      text(
        `${rule.characteristic} `,
        code(rule.queryString),
        ` (${counted(rule.phones, 'phone', 'phones')}, none of others)`,
      ),
  );
  return [
    ...(block.since === null
      ? [
          paragraph(
            strong(`${counted(people.length, 'person loses', 'people lose')} mail in that app`),
            ` on ${counted(phones.length, 'phone', 'phones')}`,
            wipes.length === 0 ? '; nobody has a wipe on its way there.' : '.',
          ),
        ]
      : []),
    ...wipeWarnings(wipes),
    ...(strings.length === 0
      ? []
      : [paragraph('Exact strings that Exchange holds for them, and for nobody else:'), list(...strings)]),
    ...(choice.uncovered.length === 0
      ? []
      : [
          paragraph(
            `${counted(choice.uncovered.length, 'phone gives', 'phones give')} no name that others do not give as well: only a personal block reaches ${choice.uncovered.length === 1 ? 'it' : 'them'}.`,
          ),
        ]),
    ...(onlyInLogs.length === 0
      ? []
      : [
          paragraph(
            `${counted(onlyInLogs.length, 'phone stands', 'phones stand')} only in the logs: Exchange lists no such device, so no rule can be made from it.`,
          ),
        ]),
  ];
}

const marks: Readonly<Record<Step['state'], StepMark>> = {
  waiting: 'waiting',
  approved: 'active',
  done: 'done',
  failed: 'failed',
  undone: 'unknown',
  dropped: 'failed',
};

function stepList(steps: readonly Step[], names: ReadonlyMap<string, string>): Block<never>[] {
  if (steps.length === 0) return [];
  return [
    {
      kind: 'steps',
      steps: steps.slice(-10).map((step) => ({ mark: marks[step.state], text: stepText(step, names) })),
    },
  ];
}

function stepText(step: Step, names: ReadonlyMap<string, string>): Text {
  const title = stepTitle(step.payload);
  const sentence = step.result?.sentence ?? '';
  switch (step.state) {
    case 'waiting':
      return text(`${title} — waits for an approver other than ${names.get(step.requestedBy) ?? 'who asked'}`);
    case 'approved':
      return text(`${title} — approved, being carried out`);
    case 'done':
      return step.doneAt === null
        ? text(title)
        : text(`${title}, `, time(step.doneAt), sentence === '' ? '' : ` — ${sentence}`);
    case 'failed':
    case 'dropped':
      return text(`${title} — ${sentence === '' ? 'not done' : sentence}`);
    case 'undone':
      return text(`${title} — taken back`);
  }
}

function nextButtons({ block, steps }: BlockView, preview: Preview, verdict: Verdict | undefined): Block<Intent>[] {
  const stage = (label: string, name: string, style?: 'primary' | 'danger') =>
    button(
      label,
      'block-app-stage',
      { block: block.id, stage: name },
      { ...(style === undefined ? {} : { style }), epoch: steps.length },
    );
  const look = (label: string, what: string) => button(label, 'block-app-look', { block: block.id, what });
  const busy = new Set(
    steps.filter(({ state }) => state === 'waiting' || state === 'approved').map(({ kind }) => kind),
  );
  const level = steps.filter(({ kind, state }) => kind === 'rule' && state === 'done').at(-1)?.payload;
  const blocked = level?.kind === 'rule' && level.level === 'Block';
  const personal = preview.choice.uncovered.length > 0 || (verdict?.through.some(({ guid }) => guid !== null) ?? false);
  const done = (kind: Step['kind']) => steps.some((step) => step.kind === kind && step.state === 'done');
  const row = [
    ...(block.since === null && !busy.has('notice') && !done('notice') && preview.phones.length > 0
      ? [stage('Tell them first', 'notice', 'primary')]
      : []),
    ...(!busy.has('rule') && level === undefined && preview.choice.rules.length > 0
      ? [stage('Quarantine', 'quarantine')]
      : []),
    ...(!busy.has('rule') && (!blocked || verdict?.state === 'leaking') && preview.choice.rules.length > 0
      ? [stage('Block', 'block', 'danger')]
      : []),
    ...(!busy.has('personal') && personal ? [stage('Personal block', 'personal', 'danger')] : []),
    ...(!busy.has('ews') && !done('ews') ? [stage('EWS too', 'ews')] : []),
    look('web.config…', 'config'),
    look('Text for the edge', 'edge'),
    look('List people', 'people'),
  ];
  return [buttons(...row)];
}
