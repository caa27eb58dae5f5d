/**
 * Phones, an edge and a server, from the protocol alone, with a truth that is known. It knows nothing of the estimator.
 *
 * A phone asks to wait `asked` seconds. The server answers when mail comes or the time is up. Nothing passes meanwhile, so an
 * edge that allows less idle time ends it: with a reset, which both sides see at once, or silently: the server's answer, when
 * its time has come, fails with a network error, and the phone gives up some time after its own timer. A phone that was cut
 * asks for less; one that was answered asks for more now and then. Phones lose their connection for reasons of their own.
 * Sources: MS-ASCMD (Ping), KB905013 and the Exchange help on Direct Push (15 min fails, 8, 12, 16 fails, stays at 12).
 */
import { Heartbeats } from '../../src/activesync/reader/heartbeats.ts';
import type { Observation } from '../../src/heartbeat/observation.ts';
import { seeded } from '../fixtures/activesync-logs.ts';

/** How a phone finds its heartbeat. */
export type Habit =
  /** Begins high; halves when cut, climbs by half of what is left, stays under what failed, and tries that again now and then. */
  | { kind: 'back-off'; first: number; step: number; again: number }
  /** Begins low and adds a step for each answer. */
  | { kind: 'climb'; first: number; step: number; again: number }
  /** Always asks the same. */
  | { kind: 'fixed'; asked: number }
  /** Asks `asked` and hangs up by itself after `gives` seconds. */
  | { kind: 'hangs-up'; asked: number; gives: number };

export type WorldPhone = {
  habit: Habit;
  deviceType: string;
  /** Where it is, or where it begins; '' is nowhere that policy.yaml names. */
  network: string;
  mailsPerHour: number;
  /** It moves between the two networks every few hours, and begins in either. */
  away?: string;
};

export type World = {
  seed: number;
  phones: readonly WorldPhone[];
  hours: number;
  /**
   * undefined: nothing cuts. `networks`: only connections from these meet it. `share`: so many connections, by chance, as where
   * one of two nodes of a pair has it.
   */
  edge?: {
    seconds: number;
    how: 'reset' | 'silent';
    lateSeconds: number;
    networks?: readonly string[];
    share?: number;
  };
  /** How often an hour a phone loses its connection by itself. */
  lossesPerHour: number;
  /** Hours (from the start) at which the pool is recycled: every waiting request ends with 995. */
  recycledAt?: readonly number[];
  max: number;
};

type Truth = {
  /** Requests that asked for more than the edge and would have outlived it, and the phones that made them. */
  beyond: number;
  phonesBeyond: number;
  /** Longest wait that was answered, and shortest asked that the edge ended. */
  longestAnswered: number;
  shortestEnded: number;
  requests: number;
};

export type Request = {
  phone: number;
  start: number;
  end: number;
  asked: number;
  win32: number;
  status: number;
  collision: boolean;
};

const start = Date.UTC(2026, 2, 2) / 1000;

export function live(world: World): { observations: Observation[]; truth: Truth; requests: Request[] } {
  const requests: Request[] = [];
  const truth: Truth = {
    beyond: 0,
    phonesBeyond: 0,
    longestAnswered: 0,
    shortestEnded: Number.POSITIVE_INFINITY,
    requests: 0,
  };
  for (const index of world.phones.keys()) requests.push(...phoneLife(world, index, truth));
  requests.sort((a, b) => a.end - b.end);
  truth.requests = requests.length;
  return { observations: observed(requests, world), truth, requests };
}

type Habits = { asked: number; works: number; failed: number; answers: number };

function phoneLife(world: World, index: number, truth: Truth): Request[] {
  const phone = world.phones[index];
  if (phone === undefined) return [];
  const random = seeded(world.seed * 7919 + index * 104_729 + 1);
  const after = (perHour: number) =>
    perHour <= 0 ? Number.POSITIVE_INFINITY : (-Math.log(1 - random()) / perHour) * 3600;
  const networkAt = movesOf(phone, random, world.hours);
  const state = begin(phone.habit);
  const end = start + world.hours * 3600;
  const lived: Request[] = [];
  let now = start + random() * 600;
  let met = false;
  while (now < end) {
    const edge = edgeFor(world.edge, networkAt(now), random);
    const idle = edge?.seconds ?? Number.POSITIVE_INFINITY;
    const asked = Math.round(Math.min(world.max, Math.max(60, state.asked)));
    const mail = after(phone.mailsPerHour);
    const loss = after(world.lossesPerHour);
    const gives = phone.habit.kind === 'hangs-up' ? phone.habit.gives : Number.POSITIVE_INFINITY;
    const recycle =
      (world.recycledAt ?? []).map((hour) => start + hour * 3600 - now).find((left) => left > 0) ??
      Number.POSITIVE_INFINITY;
    const answer = Math.min(mail, asked);
    const first = Math.min(answer, loss, gives, recycle, idle);
    const request = (seconds: number, rest: Partial<Request>): Request => ({
      phone: index,
      start: now,
      end: now + seconds,
      asked,
      win32: 0,
      status: 1,
      collision: false,
      ...rest,
    });
    if (idle < asked && idle < mail) {
      truth.beyond += 1;
      if (!met) truth.phonesBeyond += 1;
      met = true;
    }
    if (first === answer) {
      const seconds = answer + 0.02 + random() * 0.4;
      lived.push(request(seconds, { status: mail < asked ? 2 : 1 }));
      truth.longestAnswered = Math.max(truth.longestAnswered, answer);
      if (mail >= asked) answered(state, phone.habit, world.max);
      now += seconds + 0.3 + random() * (mail < asked ? 6 : 1);
    } else if (first === idle && edge !== undefined) {
      truth.shortestEnded = Math.min(truth.shortestEnded, asked);
      if (edge.how === 'reset') {
        const seconds = idle + random() * edge.lateSeconds;
        lived.push(request(seconds, { win32: 64, status: -1 }));
        now += seconds + 0.5 + random() * 3;
      } else {
        // The phone sits out its own timer, unless somebody opens its mail before.
        const opened = idle + after(0.4);
        const gaveUp = Math.min(asked + 10 + random() * 30, opened);
        const told = answer + 1 + random() * 2;
        if (gaveUp < told) lived.push(request(gaveUp + 0.1, { collision: true, status: 8 }));
        else lived.push(request(told, { win32: random() < 0.7 ? 64 : 121, status: -1 }));
        now += gaveUp + 0.5;
      }
      cut(state, phone.habit);
    } else if (first === gives) {
      lived.push(request(gives + random() * 0.3, { win32: 64, status: -1 }));
      now += gives + 1;
    } else if (first === recycle) {
      lived.push(request(recycle, { win32: 995, status: -1 }));
      now += recycle + 2 + random() * 20;
    } else {
      // In a lift or between two networks: half of the time the server hears of it at once, else when it wants to answer.
      const away = 5 + random() * 300;
      const heard = random();
      if (heard < 0.5) lived.push(request(loss, { win32: random() < 0.5 ? 64 : 1236, status: -1 }));
      else if (loss + away < answer && heard < 0.75) lived.push(request(loss + away, { collision: true, status: 8 }));
      else lived.push(request(answer + 1 + random() * 2, { win32: 64, status: -1 }));
      now += loss + away;
      // Phones cannot tell this from an edge; most forgive one failure.
      if (random() < 0.3) cut(state, phone.habit);
    }
  }
  return lived.filter((each) => each.end < end);
}

/** The network of a phone by the time. */
function movesOf({ network, away }: WorldPhone, random: () => number, hours: number): (now: number) => string {
  if (away === undefined) return () => network;
  const moves: { from: number; network: string }[] = [];
  let isAway = random() < 0.5;
  for (let from = start; from < start + hours * 3600; from += (1 + random() * 7) * 3600) {
    moves.push({ from, network: isAway ? away : network });
    isAway = !isAway;
  }
  return (now) => moves.findLast(({ from }) => from <= now)?.network ?? network;
}

function edgeFor(edge: World['edge'], network: string, random: () => number): World['edge'] {
  if (edge?.networks?.includes(network) === false) return undefined;
  return edge?.share === undefined || random() < edge.share ? edge : undefined;
}

function begin(habit: Habit): Habits {
  const asked = habit.kind === 'fixed' || habit.kind === 'hangs-up' ? habit.asked : habit.first;
  return { asked, works: 0, failed: Number.POSITIVE_INFINITY, answers: 0 };
}

function answered(state: Habits, habit: Habit, max: number): void {
  if (habit.kind === 'fixed' || habit.kind === 'hangs-up') return;
  state.works = Math.max(state.works, state.asked);
  state.answers += 1;
  const room = Math.min(max, state.failed);
  if (state.asked + habit.step < room) state.asked = state.asked + habit.step;
  else if (Number.isFinite(state.failed) && state.answers % habit.again === 0) {
    // Perhaps the phone is somewhere else by now.
    state.failed = Number.POSITIVE_INFINITY;
    state.asked = Math.min(max, state.asked + habit.step);
  } else if (!Number.isFinite(state.failed)) state.asked = Math.min(max, state.asked + habit.step);
}

function cut(state: Habits, habit: Habit): void {
  if (habit.kind === 'fixed' || habit.kind === 'hangs-up') return;
  state.failed = Math.min(state.failed, state.asked);
  if (state.works >= state.asked) state.works = 0;
  state.asked = state.works > 0 ? state.works : Math.max(60, Math.floor(state.asked / 2));
  state.answers = 0;
}

/** Through the log reader's own counting, as lines in the order of their ends. */
function observed(requests: readonly Request[], world: World): Observation[] {
  const heartbeats = new Heartbeats<number>();
  for (const { phone, start: began, end, ...rest } of requests) {
    const taken = Math.round((end - began) * 1000);
    heartbeats.add(phone, 'Ping', { ...rest, end: Math.floor(end), taken, http: 200, timedOut: false });
  }
  const rows = new Map<string, Observation>();
  for (const {
    client,
    hour,
    asked,
    ended,
    lived,
    requests: count,
    shortest,
    longest,
    ...counted
  } of heartbeats.counts) {
    const phone = world.phones[client];
    const at = hour * 3_600_000;
    // As the store's query groups them: hours fall together.
    const key = `${client} ${asked} ${ended} ${lived}`;
    const known = rows.get(key);
    const sum = counted.sum / 1000;
    const requestsBefore = known?.requests ?? 0;
    rows.set(key, {
      client: String(client),
      asked,
      ended,
      requests: requestsBefore + count,
      shortest: Math.min(known?.shortest ?? Number.POSITIVE_INFINITY, shortest / 1000),
      mean: ((known?.mean ?? 0) * requestsBefore + sum) / (requestsBefore + count),
      longest: Math.max(known?.longest ?? 0, longest / 1000),
      firstHour: Math.min(known?.firstHour ?? at, at),
      lastHour: Math.max(known?.lastHour ?? at, at),
      deviceType: phone?.deviceType ?? '',
      // A phone's network is told by its addresses, where they are all of one.
      network: phone?.away === undefined ? (phone?.network ?? '') : '',
    });
  }
  return [...rows.values()];
}
