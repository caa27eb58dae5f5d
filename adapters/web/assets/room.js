// Keeps an open page as it would be after loading it again. Without it, everything works by loading pages.
(() => {
  const main = document.getElementById('columns');
  if (main === null) return;
  const news = document.getElementById('news');
  const trouble = document.getElementById('trouble');
  const title = document.title;
  let last = main.dataset.after;
  let source;
  let unseen = 0;
  let resting;

  for (const log of document.querySelectorAll('.log')) log.scrollTop = log.scrollHeight;
  open();

  function open() {
    source?.close();
    source = new EventSource(`${main.dataset.stream}&after=${encodeURIComponent(last)}`);
    source.addEventListener('open', () => complain(''));
    source.addEventListener('change', (event) => {
      last = event.lastEventId;
      const { pieces, unread } = JSON.parse(event.data);
      for (const piece of pieces) put(piece);
      for (const mark of document.querySelectorAll('.unread'))
        if (mark.dataset.target === unread.target) mark.textContent = unread.text;
    });
    source.addEventListener('anew', (event) => {
      last = event.lastEventId;
      loadAnew();
    });
    source.addEventListener('tour', (event) => replaceInside(document.getElementById('tour'), JSON.parse(event.data)));
    source.addEventListener('lab', (event) => {
      const { clock, phones } = JSON.parse(event.data);
      document.getElementById('clock').textContent = clock;
      document.getElementById('phones').innerHTML = phones;
    });
    source.addEventListener('error', () =>
      complain('The bot does not answer. This page goes on by itself when it is back.'),
    );
  }

  function put({ column, id, html, news: words }) {
    const log = document.querySelector(`[data-column="${CSS.escape(column)}"] .log`);
    if (log === null) return;
    const before = document.getElementById(id);
    if (html === '') {
      const hadFocus = before?.contains(document.activeElement);
      before?.remove();
      if (hadFocus) log.closest('.column').querySelector('.composer input[name=text]').focus();
      return;
    }
    const atEnd = log.scrollHeight - log.scrollTop - log.clientHeight < 80;
    const made = pieceOf(html);
    if (before === null) log.append(made);
    else replace(before, made);
    if (made.querySelector('form.form') !== null) focusForm(made);
    else if (before === null && made.offsetHeight > log.clientHeight) made.scrollIntoView({ block: 'nearest' });
    else if (atEnd || before === null) log.scrollTop = log.scrollHeight;
    if (words === '') return;
    news.textContent = words;
    if (!document.hidden && document.hasFocus()) return;
    made.classList.add('fresh');
    unseen += 1;
    document.title = `(${unseen}) ${title}`;
  }

  function pieceOf(html) {
    const template = document.createElement('template');
    template.innerHTML = html;
    return template.content.firstElementChild;
  }

  /** What had the focus has it again, and an opened question stays open. */
  function replace(before, made) {
    const focused = before.contains(document.activeElement) ? document.activeElement : null;
    const opened = [...before.querySelectorAll('details[open] > summary')].map((each) => each.textContent);
    before.replaceWith(made);
    for (const summary of made.querySelectorAll('summary'))
      if (opened.includes(summary.textContent)) summary.parentElement.open = true;
    if (focused === null) return;
    const same = [...made.querySelectorAll('button, summary, a, input')].find(
      (each) =>
        each.tagName === focused.tagName && each.textContent === focused.textContent && each.name === focused.name,
    );
    (same ?? made).focus();
  }

  function replaceInside(place, html) {
    const hadFocus = place.contains(document.activeElement);
    place.innerHTML = html;
    const said = place.querySelector('p');
    if (said !== null) news.textContent = said.textContent;
    if (hadFocus) place.querySelector('button')?.focus();
  }

  function focusForm(piece) {
    const wrong = piece.querySelector('[aria-invalid]');
    (wrong ?? piece.querySelector('h3')).focus({ preventScroll: true });
    const log = piece.closest('.log');
    log.scrollTop = (wrong?.closest('.field') ?? piece).offsetTop - 8;
  }

  /** The columns as they are now; what is being typed stays. */
  async function loadAnew() {
    const response = await fetch(location.href).catch(() => undefined);
    if (response?.ok !== true) return;
    const page = new DOMParser().parseFromString(await response.text(), 'text/html');
    main.dataset.after = page.getElementById('columns').dataset.after;
    last = main.dataset.after;
    for (const log of document.querySelectorAll('.log')) {
      const column = log.closest('.column').dataset.column;
      const now = page.querySelector(`[data-column="${CSS.escape(column)}"] .log`);
      if (now === null) continue;
      log.replaceChildren(...now.childNodes);
      log.scrollTop = log.scrollHeight;
    }
    open();
  }

  function complain(sentence) {
    trouble.textContent = sentence;
    trouble.hidden = sentence === '';
  }

  document.addEventListener('submit', async (event) => {
    const form = event.target;
    if (form.method !== 'post') return;
    event.preventDefault();
    const { submitter } = event;
    const data = new FormData(form, submitter);
    const action = submitter?.getAttribute('formaction') ?? form.getAttribute('action');
    const response = await fetch(action, {
      method: 'POST',
      headers: { 'X-Mislaid': 'script' },
      body: new URLSearchParams(data),
    }).catch(() => undefined);
    if (response === undefined) return complain('Not sent: the bot does not answer. Try again when it is back.');
    if (!response.ok) return complain(await response.text());
    complain('');
    if (!form.classList.contains('composer')) return;
    form.reset();
    form.elements.once.value = crypto.randomUUID();
  });

  // A browser feeds six pages of one address at most: one that nobody looks at rests, and catches up.
  document.addEventListener('visibilitychange', () => {
    clearTimeout(resting);
    if (document.hidden) {
      resting = setTimeout(() => source.close(), 60_000);
      return;
    }
    if (source.readyState === EventSource.CLOSED) open();
  });
  addEventListener('focus', () => {
    unseen = 0;
    document.title = title;
    for (const fresh of document.querySelectorAll('.fresh')) fresh.classList.remove('fresh');
  });
})();
