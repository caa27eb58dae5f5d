/** Forms: the wipe proposal, a denial, ticks and reasons; then forms at their worst. */
import { paragraph, strong } from '../../../src/message/text.ts';
import type { FormSample } from './scene.ts';
import { hostileNames } from './stress.ts';

export const formSamples: readonly FormSample[] = [
  {
    name: 'wipe proposal',
    form: {
      id: 'wipe',
      title: 'Propose a wipe · INC-104',
      intro: [paragraph(strong('1 · iPhone 15'), ' of Alice Ng. An approver other than you decides.')],
      fields: [
        {
          kind: 'choice',
          id: 'scope',
          label: 'What is erased',
          options: [
            { value: 'account-only', label: 'Account only', hint: 'work mail, contacts and calendar' },
            { value: 'full', label: 'Full', hint: 'factory reset, private photos included' },
          ],
          initial: 'account-only',
          required: true,
        },
        { kind: 'text', id: 'reason', label: 'Reason', multiline: true, maxLength: 500, required: true },
        {
          kind: 'confirm',
          id: 'told',
          label: 'Alice was told that all data on the phone will be lost',
          required: false,
          hint: 'Must be ticked for a full wipe.',
        },
        {
          kind: 'typed',
          id: 'typed',
          label: "The phone's name and the last four characters of its id",
          show: 'iPhone 15 7F3A',
          required: false,
          hint: 'For a full wipe.',
        },
        {
          kind: 'choice',
          id: 'verified',
          label: 'How the caller was verified',
          options: [
            { value: 'call-back', label: 'Call-back to a directory number that is not the lost phone' },
            { value: 'manager', label: 'By her manager' },
            { value: 'in-person', label: 'In person' },
            { value: 'video', label: 'On video' },
          ],
          required: true,
        },
        {
          kind: 'addresses',
          id: 'notify',
          label: 'Whom Exchange shall notify',
          required: false,
          initial: 'helpdesk@contoso.example',
        },
      ],
      submit: { label: 'Propose', action: 'submit-wipe', style: 'danger' },
    },
  },
  {
    name: 'deny',
    form: {
      id: 'deny',
      title: 'Deny this wipe',
      fields: [
        {
          kind: 'text',
          id: 'reason',
          label: 'Why',
          multiline: false,
          maxLength: 200,
          required: true,
          hint: 'Hana and security will read it.',
        },
      ],
      submit: { label: 'Deny', action: 'submit-deny', style: 'danger' },
    },
  },
  {
    name: 'close while Exchange holds a request',
    form: {
      id: 'close',
      title: 'Close INC-104',
      fields: [
        {
          kind: 'confirm',
          id: 'still-erased',
          label: 'This phone will still be erased if it connects',
          required: true,
        },
      ],
      submit: { label: 'Close', action: 'submit-close' },
    },
  },
  {
    name: 'stress: choice of 120',
    form: {
      id: 'many',
      title: 'Which device of this rather long list of devices is the one that was lost',
      fields: [
        {
          kind: 'choice',
          id: 'device',
          label: 'Device',
          options: Array.from({ length: 120 }, (_, index) => ({
            value: `d${index}`,
            label: `Device number ${index} with a name`,
          })),
          required: true,
        },
      ],
      submit: { label: 'Choose this very one of the devices', action: 'submit-many' },
    },
  },
  {
    name: 'stress: hostile form',
    form: {
      id: 'hostile',
      title: hostileNames.slice(0, 3).join(' '),
      intro: hostileNames.map((name) => paragraph(name)),
      fields: hostileNames
        .filter((name) => name.trim() !== '')
        .map((name, index) => ({
          kind: 'text',
          id: `field-${index}`,
          label: name,
          multiline: index % 2 === 0,
          maxLength: 100,
          required: false,
          initial: name.slice(0, 100),
          hint: name,
        })),
      submit: { label: 'Send', action: 'submit-hostile' },
    },
  },
];
