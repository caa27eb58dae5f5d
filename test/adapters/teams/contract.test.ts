import { identityOf, placeOf } from '../../../adapters/teams/refs.ts';
import { chatAdapterContract } from '../../contracts/chat-adapter.ts';
import { inputsOf, textOf } from '../../fakes/teams/cards.ts';
import { tenant } from '../../fakes/teams/world.ts';
import { openTeamsHarness } from './harness.ts';

chatAdapterContract(
  'Teams',
  async () => {
    const { teams, adapter, close } = await openTeamsHarness();
    const hana = teams.world.person('Hana');
    const otto = teams.world.person('Otto');
    const channel = teams.world.channel('19:helpdesk@thread.tacv2', hana, otto);
    const byIdentity = new Map([hana, otto].map((person) => [identityOf(tenant, person.objectId), person]));
    const person = (identity: string) => byIdentity.get(identity) ?? hana;

    return {
      adapter,
      hana: identityOf(tenant, hana.objectId),
      otto: identityOf(tenant, otto.objectId),
      nobody: identityOf(tenant, '33333333-3333-4333-8333-333333333333'),
      place: placeOf(tenant, channel.id),
      deadPlace: placeOf(tenant, '19:gone@thread.tacv2'),
      say: async (who, sentence, place) => {
        await teams.say(person(who), sentence, place === undefined ? undefined : channel);
      },
      click: async (who, action) => {
        await teams.press(person(who), action);
      },
      submit: async (who, values) => {
        await teams.submit(person(who), values);
      },
      sendAgain: async () => {
        await teams.sendAgain();
      },
      shownIn: () => teams.shownIn(channel),
      shownTo: (who) => teams.shownTo(person(who)),
      openForm: (who) => {
        const dialog = teams.dialog(person(who));
        if (dialog === undefined) return undefined;
        const inputs = inputsOf(dialog.card);
        const errors = textOf(dialog.card).includes('✘') ? { reason: errorIn(dialog.card) } : {};
        return { title: dialog.title, errors, values: Object.fromEntries(inputs.map(({ id, value }) => [id, value])) };
      },
      close,
    };
  },
  { sendsAgain: true },
);

/** The form of the contract has one field: what is marked stands beside it. */
function errorIn(card: unknown): string {
  return /✘ (.*)/.exec(textOf(card))?.[1] ?? '';
}
