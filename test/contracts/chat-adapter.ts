/**
 * What every chat platform owes the core. Each platform brings a harness: its adapter over a fake of the platform, and the
 * eyes and hands of people on it.
 */
import express from 'express';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { type ChatAdapter, DeliveryError, type Incoming, type Receipt } from '../../src/chat/port.ts';
import type { Identity, Place } from '../../src/ground/addresses.ts';
import type { Answer, Form, Message } from '../../src/message/model.ts';
import { text } from '../../src/message/text.ts';
import { eventually } from '../setup/eventually.ts';

export type ChatHarness = {
  /** Not started yet. */
  adapter: ChatAdapter;
  hana: Identity;
  otto: Identity;
  /** Well formed, and known to nobody. */
  nobody: Identity;
  /** Where Hana and Otto read along. */
  place: Place;
  /** A place that the platform will never take a post for (archived, not ours). */
  deadPlace: Place;
  /** Each resolves when the platform has its acknowledgement (its response, or on the console: when the next line may come). */
  say(who: Identity, sentence: string, place?: Place): Promise<void>;
  click(who: Identity, action: string): Promise<void>;
  /** Submits the form that is open for him. */
  submit(who: Identity, values: Record<string, string>): Promise<void>;
  /** The platform sends its last event once more; needed where `sendsAgain` is said. */
  sendAgain?(): Promise<void>;
  /** The next post arrives, and its answer is lost; absent where that cannot happen. */
  loseNextAnswer?(): void;
  /** Texts of the messages that stand in the place now, and of those that he alone sees. */
  shownIn(place: Place): readonly string[];
  shownTo(who: Identity): readonly string[];
  /** The form open for him, with what stands beside and in its fields. */
  openForm(
    who: Identity,
  ): { title: string; errors: Readonly<Record<string, string>>; values: Readonly<Record<string, unknown>> } | undefined;
  close(): Promise<void>;
};

const form: Form = {
  id: 'deny',
  title: 'Deny this wipe',
  fields: [{ kind: 'text', id: 'reason', label: 'Why', multiline: false, maxLength: 200, required: true }],
  submit: { label: 'Deny', action: 'submit-deny' },
};

export function chatAdapterContract(
  name: string,
  open: () => Promise<ChatHarness>,
  /** What this platform does that others do not. */
  habits: { sendsAgain: boolean },
): void {
  describe(`${name} as a chat platform`, () => {
    let harness: ChatHarness;
    let heard: Incoming[];
    let receive: (incoming: Incoming) => Promise<Receipt>;

    beforeEach(async () => {
      harness = await open();
      heard = [];
      receive = async () => stored({});
      await harness.adapter.start({
        app: express(),
        onCommand: (incoming) => {
          heard.push(incoming);
          return receive(incoming);
        },
      });
    });
    afterEach(() => harness.close());

    it('says who said what and where, each event under a key of its own', async () => {
      await harness.say(harness.hana, 'lost device alice', harness.place);
      await harness.say(harness.otto, 'approvals');

      expect(heard).toMatchObject([
        {
          sender: { identity: harness.hana },
          place: harness.place,
          input: { kind: 'sentence', text: 'lost device alice' },
        },
        { sender: { identity: harness.otto }, input: { kind: 'sentence', text: 'approvals' } },
      ]);
      expect(heard[1]?.place).toBeUndefined();
      expect(new Set(heard.map((incoming) => incoming.eventKey)).size).toBe(2);
    });

    it('acknowledges only what is stored', async () => {
      let store: (reception: Receipt) => void = () => undefined;
      receive = () => new Promise((resolve) => (store = resolve));
      let acknowledged = false;
      const saying = harness.say(harness.hana, 'incidents', harness.place).then(() => {
        acknowledged = true;
      });
      await eventually(() => expect(heard).toHaveLength(1));
      await turns(10);

      expect(acknowledged).toBe(false);
      store(stored({}));
      await saying;
      expect(acknowledged).toBe(true);
    });

    it('does nothing more with an event that was seen before', async () => {
      receive = async () => ({ kind: 'duplicate' });

      await harness.say(harness.hana, 'incidents', harness.place);

      expect([...harness.shownIn(harness.place), ...harness.shownTo(harness.hana)]).toEqual([]);
    });

    if (habits.sendsAgain) {
      it('hands an event that is sent again over under the same key', async () => {
        await harness.say(harness.hana, 'incidents', harness.place);
        await harness.sendAgain?.();

        expect(heard[1]?.eventKey).toBe(heard[0]?.eventKey);
      });
    }

    it.each([
      ['not stored', async (): Promise<Receipt> => ({ kind: 'not-stored', userMessage: 'This was not stored.' })],
      ['failed', () => Promise.reject(new Error('no database'))],
    ])('tells the person what was %s', async (_, reception) => {
      receive = reception;

      await harness.say(harness.hana, 'lost device alice', harness.place).catch(() => undefined);

      await eventually(() => expect(harness.shownTo(harness.hana).join()).toMatch(/not stored/));
      expect(harness.shownIn(harness.place)).toEqual([]);
    });

    it('shows an answer to the one who asked and to nobody else', async () => {
      receive = async () => stored({ private: card('Alice has 3 devices') });

      await harness.say(harness.hana, 'devices alice', harness.place);

      await eventually(() => expect(harness.shownTo(harness.hana).join()).toContain('Alice has 3 devices'));
      expect(harness.shownTo(harness.otto)).toEqual([]);
      expect(harness.shownIn(harness.place)).toEqual([]);
    });

    it('posts, edits without leaving the old text standing, and edits twice without harm', async () => {
      const ref = await harness.adapter.post(harness.place, card('First text'), 'key-1');
      const back: unknown = JSON.parse(JSON.stringify({ ref }));
      expect(back).toEqual({ ref });

      await harness.adapter.edit(ref, card('Second text'));
      await harness.adapter.edit(ref, card('Second text'));

      expect(harness.shownIn(harness.place)).toHaveLength(1);
      expect(harness.shownIn(harness.place).join()).toContain('Second text');
    });

    it('replies under a card and writes to one person alone', async () => {
      const ref = await harness.adapter.post(harness.place, card('The card'), 'key-1');

      const reply = await harness.adapter.reply(ref, card('A reply'), 'key-2');
      await harness.adapter.privately(harness.otto, card('For Otto'), 'key-3');

      expect(reply).not.toBe(ref);
      expect(harness.shownIn(harness.place).join('\n')).toMatch(/The card[\s\S]*A reply/);
      expect(harness.shownTo(harness.otto).join()).toContain('For Otto');
      expect([...harness.shownTo(harness.hana), ...harness.shownIn(harness.place)].join()).not.toContain('For Otto');
    });

    it('finds a post whose answer was lost, and nothing that was never posted', async () => {
      harness.loseNextAnswer?.();
      await harness.adapter.post(harness.place, card('Posted once'), 'key-lost').catch((error: unknown) => {
        expect(error).toMatchObject({ problem: { kind: 'unknown' } });
      });

      const ref = await harness.adapter.find(harness.place, 'key-lost');

      expect(ref).toEqual(expect.any(String));
      expect(await harness.adapter.find(harness.place, 'key-never')).toBeUndefined();
      if (ref !== undefined) await harness.adapter.edit(ref, card('Found and edited'));
      expect(harness.shownIn(harness.place)).toHaveLength(1);
      expect(harness.shownIn(harness.place).join()).toContain('Found and edited');
    });

    it('says with a remedy that a post can never arrive', async () => {
      const posting = harness.adapter.post(harness.deadPlace, card('Lost'), 'key-1');

      await expect(posting).rejects.toMatchObject({ problem: { kind: 'dead', remedy: expect.stringMatching(/\w/) } });
    });

    it('hands a click over with the card it was on', async () => {
      const ref = await harness.adapter.post(harness.place, card('Approve?', 'action-approve'), 'key-1');

      await harness.click(harness.otto, 'action-approve');

      expect(heard).toMatchObject([
        {
          sender: { identity: harness.otto },
          place: harness.place,
          thread: ref,
          input: { kind: 'click', action: 'action-approve' },
        },
      ]);
    });

    it('shows a form, keeps it with what was typed beside a refusal, and closes it when it is taken', async () => {
      await harness.adapter.post(harness.place, card('Approve?', 'action-deny'), 'key-1');
      receive = async () => stored({ form });
      await harness.click(harness.otto, 'action-deny');
      await eventually(() => expect(harness.openForm(harness.otto)?.title).toBe(form.title));
      expect(harness.openForm(harness.hana)).toBeUndefined();

      receive = async () => stored({ fieldErrors: { reason: 'Say why in a whole sentence.' } });
      await harness.submit(harness.otto, { reason: 'no' });

      expect(heard[1]).toMatchObject({
        sender: { identity: harness.otto },
        place: harness.place,
        input: { kind: 'form', action: 'submit-deny', values: { reason: 'no' } },
      });
      expect(harness.openForm(harness.otto)).toMatchObject({
        errors: { reason: 'Say why in a whole sentence.' },
        values: { reason: 'no' },
      });

      receive = async () => stored({});
      await harness.submit(harness.otto, { reason: 'She found it in her coat.' });

      expect(heard[2]?.input).toMatchObject({ values: { reason: 'She found it in her coat.' } });
      expect(harness.openForm(harness.otto)).toBeUndefined();
    });

    it('knows who an account is, and does not make accounts up', async () => {
      expect(await harness.adapter.identify(harness.hana)).toMatchObject({ identity: harness.hana });
      expect(await harness.adapter.identify(harness.nobody)).toBeUndefined();
    });

    it('names itself as its places and identities do', () => {
      expect(harness.place.startsWith(`${harness.adapter.name}:`)).toBe(true);
      expect(harness.hana.startsWith(`${harness.adapter.identityPrefix}:`)).toBe(true);
    });

    it('hears nothing and posts nothing once it is stopped, however often', async () => {
      await harness.adapter.stop();
      await harness.adapter.stop();

      const posting = harness.adapter.post(harness.place, card('Too late'), 'key-1');

      await expect(posting).rejects.toBeInstanceOf(DeliveryError);
      const saying = harness.say(harness.hana, 'incidents', harness.place).catch(() => undefined);
      await Promise.race([saying, turns(10)]);
      expect(heard).toEqual([]);
    });
  });
}

/** Lets everything run that is ready to. */
async function turns(count: number): Promise<void> {
  for (let turn = 0; turn < count; turn++) await new Promise((resolve) => setImmediate(resolve));
}

function stored(answer: Answer): Receipt {
  return { kind: 'stored', answer: Promise.resolve(answer) };
}

function card(words: string, action?: string): Message {
  return {
    tone: 'neutral',
    blocks: [
      { kind: 'text', text: text(words) },
      ...(action === undefined ? [] : [{ kind: 'buttons' as const, buttons: [{ label: words, action }] }]),
    ],
  };
}
