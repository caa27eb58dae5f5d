/**
 * The words of the product's topics, by what is meant with them. A phrase may have several meanings; the longest phrase that fits
 * counts. What is in no row is a stranger: the more strangers, the less is read into a sentence.
 */

const rows = {
  // What happened to a thing.
  lost: 'lost|lose|loses|losing|loose|misplaced|misplace|mislaid|mislay|disappeared|disappear|vanished|gone|went missing|gone missing|cant find|can not find|couldnt find|could not find|unable to find|not able to find|doesnt know where|does not know where|dont know where|do not know where|no idea where|dont remember where|lost track of|cant locate|can not locate|nowhere to be found|cant seem to find|cant remember where|no clue where|went astray',
  missing: 'missing',
  stolen:
    'stolen|stole|steal|steals|nicked|pinched|snatched|swiped|pickpocketed|taken|took|nabbed|lifted off me|lifted from me|grabbed|ripped off',
  robbed:
    'robbed|mugged|burgled|theft|thief|thieves|robbery|mugging|mugger|muggers|held up|broken into|broke into|robbers|robber|pickpocket|pickpockets',
  left: 'left|forgot|forgotten|dropped|fell|fallen|dropt|left behind|forgets|leaves|slipped',
  found: 'found|find|turned up|retrieved|recovered|showed up|resurfaced',
  back: 'back',
  // Things.
  phone:
    'phone|phones|mobile|mobiles|handset|handsets|iphone|iphones|ipad|ipads|tablet|tablets|android|smartphone|smartphones|cell|cellphone|cell phone|mobile phone|work phone|samsung|galaxy|pixel|blackberry|device|devices|fone|fones|smart phone|telephone|mobile device|nokia|huawei|motorola|oneplus|xiaomi|handy',
  phones: 'phones|devices|mobiles|tablets|handsets',
  notPhone:
    'laptop|laptops|notebook|macbook|computer|pc|badge|id card|keys|key|wallet|purse|handbag|bag|backpack|usb stick|umbrella|passport|glasses|sunglasses|headset|earbuds|airpods|watch|jacket|coat|yubikey|security key|credit card|access card|keyboard|mouse|monitor|laptop bag|tablet cover|suitcase|luggage|briefcase',
  beside:
    'power|contact|contacts|phone number|phone charger|phone case|phone call|phone calls|phone battery|phone screen|phone bill|phone book|phone line|phone cover|phone contract|phone page|phone cable|phone signal|phone policy|number of|desk phone|office phone|landline|mobile number|charger|headphones|battery|signal|number|policy|article|screen protector|voicemail|ringtone',
  password: 'password|passwords|pw|pwd|passwd|pass word|credentials',
  account: 'account|accounts|login|logon|session|sessions|sim|sim card|hold',
  cases: 'case|cases|incident|incidents|ticket|tickets',
  wipes: 'wipes|wiping|wipe',
  app: 'app|apps|mail apps|clients|third party apps|third-party apps|third-party|third party|mail clients|email apps|email clients|mail programs|client|software',
  push: 'heartbeat|heartbeats|direct push|push mail|push|reconnect|reconnects|1040|event 1040|phones wait|phones hold|keep reconnecting',
  audit:
    'audit|audit log|audit chain|audit trail|audit history|trail|full trail|paper trail|logbook|audit record|audit records',
  roles: 'roles|role|rights|powers|permissions',
  // Verbs.
  reset:
    'reset|can i reset|can we reset|should i reset|shall i reset|may i reset|could i reset|can i change|should i change|may i change|cant i reset|resetting|resets|change|changed|changing|new|renew',
  disable: 'disable|disabling|suspend|suspending|lock|revoke|revoking|block',
  didReset:
    'have reset|has reset|have changed|has changed|changed|is reset|was reset|been reset|is changed|already reset',
  wipe: 'wipe|wiping|erase|erasing|factory reset|remote wipe|nuke',
  wiped: 'wiped|erased|get wiped|been wiped|got wiped',
  wish: 'could we have|can we have|could i have|can i have|could we please have|can we please have|could we get|can we get|wants|want|wanted|needs|need to have',
  cancel:
    'cancel|cancelled|canceled|call off|abort|stop|halt|take back|take that back|take it back|undo|withdraw|retract|revert|call it off|stop it|hold off|reverse',
  stopAll:
    'freeze|pause|halt|stop|lock|lock down|kill switch|emergency stop|lock it down|emergency brake|lock it all down|lock all down|lock everything down|suspend|block',
  unlockAll:
    'unlock|unlock wipes|unfreeze|lift the freeze|lift the lock|lift the stop|lift the ban on wipes|lift the wipe lock|release the lock|release the brake|end the freeze|take off the freeze|remove the freeze|remove the lock|unlock all wipes|resume|resuming',
  freeze:
    'lift the freeze|lift the lock|lift the stop|lift the ban on wipes|lift the wipe lock|release the lock|release the brake|end the freeze|take off the freeze|remove the freeze|remove the lock|unlock wipes|unlock all wipes',
  everything:
    'everything|kill switch|emergency stop|immediately all|emergency brake|lock it all down|lock all down|lock everything down|no more',
  all: 'lock it all down|lock all down|lock everything down|all|every|everything|no more|kill switch|emergency stop|immediately all|emergency brake',
  approve: 'approve|approved|approving|approves|approval|go ahead|lgtm',
  decided: 'approved|denied|rejected|declined|signed off',
  deny: 'deny|denied|denying|reject|rejected|decline|declined|not approved|disapprove|turn down|not until',
  assent: 'do it|fine by me|yes|yep|yeah|ok|okay|agreed|sure|fine with me|thumbs up',
  refusal: 'no|nope|nah|wrong phone|wait dont|dont',
  dontWipe:
    'dont wipe|do not wipe|dont wipe it|do not wipe it|dont erase|dont erase it|do not erase|must not wipe|not wipe',
  neverMind: 'never mind|nevermind',
  close:
    'close|wrap up|done here|case closed|close it|close down|can be closed|is done|all done|wrapped up|case is done|close out',
  mistaken:
    'by mistake|mistake|mistaken|false alarm|wrong person|in error|by accident|accidentally|scrap this|scrap this one|scrap it|scrap the case|scrap that case|user error|never lost|was never lost|never his phone|never her phone|never my phone|never their phone|opened in error|wrong user|wrong employee|wrong name|duplicate|not lost after all|forget the report|forget my report|never stolen|never missing',
  giveUp: 'give up|giving up',
  wait: 'keep waiting|wait longer|waiting longer|more time|wait some more',
  block: 'block|get rid of|ban|keep out',
  unblock: 'unblock|let in again',
  restore: 'restore|give|back|reinstate',
  open: 'open|opened|report|reported|report a|reports',
  resend: 'resend|send again|show again|again',
  verify: 'verify|ok|whole|check|intact',
  // What is asked.
  may: 'can i reset|can we reset|should i reset|shall i reset|may i reset|could i reset|can i change|should i change|may i change|cant i reset|why cant i reset|can|could|may|should|shall|have to|must|need to|allowed|wants|want|need',
  safe: 'safe|ok|okay|allowed|fine|alright|yet|now|wait|why',
  anyway: 'anyway|any way|regardless|nevertheless',
  which: 'which|what|show|list|does|any',
  who: 'who|whose|who else',
  lastSeen: 'last|seen|sync|synced|syncing|syncs|online|connect|connected|connecting|connects|checked in|where',
  use: 'use|uses|using|used|has|have|got|read|using to|run|running',
  uses: 'use|uses|using|used|using to|running',
  stillHave: 'still have|still has|still got',
  status:
    'status|how far|happening|happened|news|any news|any update|update|progress|what about|what now|next|next step|is there|through|card|asked|this about|on hold|things stand|do things stand|how do things stand|do we stand|where do we stand|where are we|story|the story|situation|how is it going|going with|being asked|latest on|supposed to do|what to do|what happens next|what happens now|hows it going|going on with|latest news|where things are',
  waiting: 'waiting|waits|pending|to decide|have to decide|must decide|to approve|for approval|approvals|undecided',
  approvers: 'approvers|approver',
  new: 'new|newest|latest',
  blocked: 'blocked|banned',
  doing: 'doing|working|healthy|ok|okay|how|why|is|are|on|mean|means',
  explain: 'mean|means|explain|meaning',
  helping:
    'what can you do|what can i say|what can you say|how does this work|who are you|how do i|how can i|how to|what do you do|instructions|how do i use|how do i use this|how do i use you|how do you work|where do i start|how do i start',
  greeting: 'hello|help',
  checkYourself: 'check yourself|everything working|everything ok|are you ok|are you working',
} as const;

export type Notion = keyof typeof rows;

/** Words that carry nothing by themselves. */
const fillers = new Set(
  `a about actually after again ah all already also am an and any anybody anyone anything anywhere are around as at away be because been before being both but by
bye call called caller calls came can cause come could day days dear did do does doing done dont during each else ever every everyone from get gets getting girl give
go going good got guy guys had has have having he hello help her here hers hey hi him his how however i if in into inside is it its itself just kindly last late later left let like
lot made make man many maybe me mean mine moment more morning most much must my myself near need needs night no noon not now of off oh omg on one only or our ours out over own
people person please plz pls quick quickly rang really right said saw say says see seem seems she should side since so some somebody someone something somewhere soon sorry still such sure
take tell than thank thanks that the their theirs them then there these they thing things think this those though time to today together told tomorrow tonight too under until up
urgent urgently us use user usr very via want wants was we well went were what when where which while who whose why will with work company yes yesterday you your yours yet
morning afternoon evening week monday tuesday wednesday thursday friday saturday sunday ago hour hours minute minutes asap immediately dude mate folks team there's colleague boss manager wife husband son daughter friend
okay alright wants tries trying try report reported new old black white private personal business corporate main second first other another mr mrs ms dr bloody damn stupid poor office corp business says-that log phone-user
supposed asking asked asks register embarassing embarrassing um uh hm hmm honestly basically anyways fyi btw rn w kind best regards greetings noticed realised realized gonna wanna cos cuz coz heard rang ring texted phoned informed mentioned reckons thinks thought believes believe claims wrote writes upset exchange anymore ok'd mailbox mailboxes idea means pull mailserver lets fine high never nobody must would might may shall can't wont doesnt didnt isnt wasnt hasnt havent arent couldnt wouldnt shouldnt cant per cent far long often able both quite wrong`.split(
    /\s+/,
  ),
);

type Phrase = { readonly words: readonly string[]; readonly notions: readonly Notion[] };

function isNotion(name: string): name is Notion {
  return name in rows;
}

const notionsByPhrase = new Map<string, Notion[]>();
for (const [name, phrases] of Object.entries(rows)) {
  if (!isNotion(name)) continue;
  for (const phrase of phrases.split('|')) notionsByPhrase.set(phrase, [...(notionsByPhrase.get(phrase) ?? []), name]);
}

/** Phrases by their first word, the longest first. */
export const phrasesByFirst = new Map<string, Phrase[]>();
for (const [phrase, notions] of notionsByPhrase) {
  const words = phrase.split(' ');
  const first = words[0] ?? '';
  phrasesByFirst.set(
    first,
    [...(phrasesByFirst.get(first) ?? []), { words, notions }].sort(
      (left, right) => right.words.length - left.words.length,
    ),
  );
}

export function isFiller(word: string): boolean {
  return fillers.has(word);
}

/** Whether the word is anywhere in the tables: then it is not a slip for another, and alone it names nobody. */
export function isKnown(word: string): boolean {
  return fillers.has(word) || knownWords.has(word) || negators.has(word) || unrealWords.has(word);
}

const knownWords = new Set([...notionsByPhrase.keys()].flatMap((phrase) => phrase.split(' ')));

/** Words that turn a sentence round: a slip in them must not make it say the opposite. */
export const negators = new Set(
  'not no never nobody none nothing dont didnt hasnt havent isnt wasnt arent doesnt wont without'.split(' '),
);
export const unrealWords = new Set(
  'if would almost nearly suppose imagine maybe perhaps once whether policy article anyone'.split(' '),
);

/** Words for which a slip is looked for: long enough that a slip is no other word. */
export const longWords = [
  ...new Set([...knownWords, ...negators, ...unrealWords, 'years', 'months', 'happens', 'without']),
].filter((word) => word.length >= 4);

/** Right words that differ by a letter from one of ours. */
export const otherWords = new Set(
  `table tables token tokens cable tale loss lossy cost most post list lists rest reseat preset house phony stone bound round fund funds kissing hissing pissing messing fount founder cast clothes
clone chose cloth clothe opera opener eraser wider wiper pipe swipe ripe approach approached improve reset-button access pixels fishing mission passing paper pass cause lease please leave leaves move moves love
closer closest block-list blog clock black sold told gold hold-up lot lots last cell-bio sell bell call calls wall small mail mails nail tail stale stale-mate style stile stores store stones store-room stroke stroll
latest later laser lately shape wipes-up never newer fever ever severe sever server servers waitress writing waiting-room resort report-card result results rests vest test tests text next nest rose lore lord load loan loaf road`.split(
    /\s+/,
  ),
);
