/**
 * Every notice that Mislaid sends to people who did not ask: one line of this table each. What is sent (notify.ts) and what
 * docs/notices.md says of it (`npm run docs`) come from here.
 *
 * severity   informational: for the record · medium: look at it today · high: look at it now
 * hears      whom it is for: who reads the channels
 * channels   the lists of policy.yaml's `channels` that it is posted to
 * private    the roles whose people are written to, too
 * email      whether it goes out by e-mail and webhook, too, where policy has `alarms`
 * ocsf       the OCSF 1.5 class as which it goes to a SIEM
 */
import type { Policy, Role } from '../policy.ts';

type Granted = Exclude<Role, 'user'>;

export type Severity = 'informational' | 'medium' | 'high';

export type Channel = keyof Policy['channels'];

/** Class of OCSF 1.5 by its name, with its `class_uid`. */
export const ocsfClasses = {
  'Detection Finding': 2004,
  'Entity Management': 3004,
  'User Access Management': 3005,
  'Application Error': 6008,
} as const;
type OcsfClass = keyof typeof ocsfClasses;

export type Notice = {
  /** Of what: "sent when …". */
  when: string;
  severity: Severity;
  /** Good news of whatever severity: shown as a success. */
  good?: true;
  hears: readonly Granted[];
  channels: readonly Channel[];
  private: readonly Granted[];
  /** Privately only where no channel is left, and then to every account of theirs: one platform may be what is away. */
  lastResort?: true;
  email: boolean;
  ocsf: OcsfClass;
};

const finding = 'Detection Finding';
const wipe = 'Entity Management';
const access = 'User Access Management';
const fault = 'Application Error';

export const notices = {
  'wipe-proposed': line('informational', wipe, 'a wipe is proposed and waits for approvers'),
  'wipe-proposed-again': line(
    'medium',
    finding,
    'somebody asks again for a wipe that was denied or came to nothing, once',
  ),
  'requests-ended-often': line(
    'medium',
    finding,
    'one person denies or takes back many requests of others within a day, once',
  ),
  'wipe-approved': line('informational', wipe, 'a wipe has all approvals it takes'),
  'approval-unanswered': {
    ...line('medium', wipe, 'nobody has decided on a request after half of its time, or after the next was asked'),
    private: ['security'],
  },
  'step-up-failed': line('high', finding, 'five wrong codes were typed to approve something'),
  'wipe-denied': line('medium', wipe, 'an approver denies a proposed wipe'),
  'wipe-withdrawn': line('informational', wipe, 'somebody takes the proposal of a wipe back'),
  'wipe-expired': line('informational', wipe, 'nobody decided on a proposed wipe in time'),
  'wipe-voided': line('medium', wipe, 'facts or rights changed, and a proposed wipe ends'),
  'wipe-lapsed': line('informational', wipe, 'an approved wipe could not be carried out in time'),
  'wipe-requested': line('informational', wipe, 'Exchange was asked for a wipe'),
  'wipe-not-asked': line('medium', wipe, 'Exchange was not asked for an approved wipe'),
  'wipe-doubt': line('high', wipe, 'it is not known whether Exchange was asked for a wipe'),
  'wipe-acknowledged': good('informational', wipe, 'the phone acknowledges a wipe'),
  'wipe-refused-by-device': line(
    'high',
    wipe,
    'a phone was told of its wipe more than once and does not acknowledge it',
  ),
  'wipe-not-reached': line('high', wipe, 'a phone has not heard of its wipe and somebody must decide'),
  'wipe-unreadable': line('medium', wipe, 'Exchange no longer shows how a wipe stands'),
  'wipe-partnership-gone': line('high', wipe, 'the partnership is gone, and with it a wipe that was on its way'),
  'wipe-kept-waiting': line('informational', wipe, 'somebody keeps waiting for a phone that was not reached'),
  'wipe-cancelled': line('medium', wipe, 'a wipe is cancelled in Exchange'),
  'wipe-not-cancelled': line('medium', wipe, 'Exchange does not take a cancel, or it came too late'),
  'wipe-given-up': line('medium', wipe, 'a wipe is given up'),
  'wipe-taken-up': line('high', wipe, 'a wipe that had ended turns out to be held by Exchange'),
  'wrong-scope': line('high', finding, 'Exchange took a full wipe where account-only was asked'),
  'wrong-scope-ended': line('high', finding, 'how the wipe of the wrong scope ended'),
  'outside-wipe': line('high', finding, 'a wipe is found that did not come from Mislaid'),
  'request-acknowledged': good('informational', wipe, 'a phone acknowledges a wipe that did not come from Mislaid'),
  'break-glass-used': line('high', finding, 'one person alone orders a wipe'),
  'break-glass-withdrawn': line('informational', wipe, 'a break-glass wipe is taken back before it was issued'),
  'break-glass-ended': line('medium', wipe, 'a break-glass wipe ends without being carried out'),
  'break-glass-reviewed': line('informational', wipe, 'somebody else reviews a break-glass wipe'),
  'review-due': line('medium', finding, 'the review of a break-glass wipe is due, once a day'),
  'wipes-locked': line('high', finding, 'somebody locks all wipes'),
  'brake-pulled': line('high', finding, 'too many wipes in too short a time: all are locked'),
  'wipe-braked': line('high', finding, 'the brake refuses one wipe'),
  'unlock-asked': { ...line('medium', access, 'an admin asks to unlock wipes'), email: true },
  'unlock-ended': line('medium', access, 'a request to unlock wipes ends, and they stay locked'),
  'wipes-unlocked': { ...line('medium', access, 'a second admin unlocks wipes'), email: true },
  'hold-released': line('medium', wipe, 'somebody releases a hold, or says to reset the password anyway'),
  'owner-says-found': line('medium', wipe, 'the owner says in chat that the phone was found'),
  'device-found': line('informational', wipe, 'the helpdesk notes that a phone was found, or that none is lost'),
  'device-kept': line(
    'informational',
    wipe,
    'the helpdesk notes that a phone is with its owner, and is left out of the wipe',
  ),
  'opened-by-mistake': line('informational', wipe, 'the helpdesk closes a case as opened by mistake'),
  'closed-on-hold': line('medium', wipe, 'an incident is closed while the password must still wait'),
  'device-change-asked': line('medium', wipe, 'somebody asks to block a phone or remove its partnership, and it waits'),
  'device-changed': line('informational', wipe, 'a phone is blocked or unblocked'),
  'partnership-removed': line('informational', wipe, 'a partnership is removed from Exchange, or could not be'),
  'drill-begun': line('informational', wipe, 'a drill begins'),
  'drill-ended': good('informational', wipe, 'a drill is over, with its figures'),
  'policy-changed': toGuardians('high', access, 'policy.yaml was changed, or what it loosens is accepted or in force'),
  'policy-doubtful': toGuardians(
    'medium',
    access,
    'policy.yaml names people whom nobody knows, or accounts nobody can speak from',
  ),
  'policy-refused': {
    ...line('medium', access, 'a changed policy file is not taken'),
    hears: ['security', 'admin'],
    private: ['admin'],
  },
  'role-suspended': toGuardians('high', access, 'somebody with rights is suspended, because their phone is reported'),
  'suspension-waits': toGuardians('high', access, "somebody's second report of a person with rights waits for a word"),
  'roles-restored': {
    ...toGuardians('medium', access, 'somebody whose phone is lost gets their roles back'),
    email: true,
  },
  'roles-restored-on-host': {
    ...toGuardians('high', access, 'roles are given back on the host, by npm run restore-role'),
    channels: ['security', 'helpdesk', 'approvals'],
  },
  'role-accepted': line('medium', access, 'an admin accepts a new role'),
  'account-refused': line('medium', access, 'a chat account claims to be somebody who is known already'),
  'app-new': line('medium', finding, 'an app is seen for the first time'),
  'app-leak': line('high', finding, 'a blocked app still gets through'),
  'app-rule-gone': line('high', finding, 'a rule that keeps an app out is gone from Exchange'),
  'foreign-rule-gone': line('medium', finding, 'a rule that Mislaid did not make is gone from Exchange'),
  'app-edit-undone': line('high', finding, 'an edit of a web.config that keeps an app out was undone'),
  'app-step-proposed': line('informational', wipe, 'a step of blocking an app is proposed'),
  'app-step-approved': line('informational', wipe, 'a step of blocking an app is approved'),
  'app-step-done': line('informational', wipe, 'a step of blocking an app is done'),
  'app-step-failed': line('medium', wipe, 'a step of blocking an app could not be done'),
  'heartbeat-alert': { ...line('medium', finding, 'Direct Push got worse'), channels: ['security', 'mailOperations'] },
  'heartbeat-over': {
    ...good('informational', finding, 'Direct Push is well again'),
    channels: ['security', 'mailOperations'],
  },
  'forget-asked': line('medium', access, 'an admin asks to forget a person'),
  'forget-ended': line('informational', access, 'a request to forget a person ends without it'),
  'person-forgotten': line('medium', access, 'a person is forgotten'),
  'backup-restored': {
    ...toGuardians('high', access, 'a backup was restored: what came after it is lost'),
    channels: ['security', 'helpdesk', 'approvals'],
  },
  'audit-away': line('high', fault, 'the audit cannot be written, and no wipe is issued'),
  'audit-back': good('informational', fault, 'the audit can be written again'),
  'audit-problem': line('high', finding, 'the audit was changed, or cannot be vouched for'),
  'audit-checkpoint': { ...line('informational', finding, 'the audit is signed'), channels: ['audit'] },
  'dead-place': {
    ...line('medium', fault, 'messages do not arrive in one place, once a day'),
    hears: ['security', 'admin'],
    private: ['admin'],
    lastResort: true,
  },
} as const satisfies Record<string, Notice>;

export type NoticeKind = keyof typeof notices;

/** Every kind, for what is parsed. */
export const noticeKinds = Object.keys(notices).filter(isNoticeKind);

function isNoticeKind(word: string): word is NoticeKind {
  return word in notices;
}

/** What most notices are: one line in the security channels, for security, worth an e-mail when it is urgent; an `email: true` of its own is what takes a protection away. */
function line(severity: Severity, ocsf: OcsfClass, when: string): Notice {
  const email = severity === 'high';
  return { when, severity, hears: ['security'], channels: ['security'], private: [], email, ocsf };
}

/** What everybody of security and every admin must hear, whoever reads the channels. */
function toGuardians(severity: Severity, ocsf: OcsfClass, when: string): Notice {
  return { ...line(severity, ocsf, when), hears: ['security', 'admin'], private: ['security', 'admin'] };
}

function good(severity: Severity, ocsf: OcsfClass, when: string): Notice {
  return { ...line(severity, ocsf, when), good: true };
}
