/** The phone's script. Kept as text, so that the page needs no build step and no inline script. */
export const PHONE_SCRIPT = `'use strict';
(() => {
  const phone = document.getElementById('phone');
  if (!phone) return;
  const thread = document.getElementById('thread');
  const notice = document.getElementById('notice');
  const text = document.getElementById('text');
  const { base, page, person } = phone.dataset;
  let ref = phone.dataset.ref || undefined;
  let shown = '';
  let busy = Promise.resolve();

  const refresh = async () => {
    const query = new URLSearchParams({ page, person });
    const answer = await fetch(base + '/thread?' + query, { cache: 'no-store' });
    if (!answer.ok) return;
    const html = await answer.text();
    if (html === shown) return;
    const first = shown === '';
    shown = html;
    const parsed = new DOMParser().parseFromString(html, 'text/html');
    thread.replaceChildren(...parsed.body.childNodes);
    thread.scrollTop = thread.scrollHeight;
    document.getElementById('composer').hidden = Boolean(thread.querySelector('[data-act="start"]'));
    if (!document.hidden && (!first || thread.querySelector('[data-from="page"]'))) await post({ act: 'read' });
  };

  const post = async (body) => {
    const answer = await fetch(base + '/act', {
      method: 'POST',
      headers: { 'content-type': 'application/json' },
      body: JSON.stringify({ page, person, ...body }),
    });
    notice.textContent = answer.ok ? '' : (await answer.json().catch(() => ({ error: 'That did not work.' }))).error;
  };

  const act = (body) => {
    busy = busy.then(() => post(body)).then(refresh).catch(() => { notice.textContent = 'The sandbox does not answer.'; });
    return busy;
  };

  phone.addEventListener('click', (event) => {
    const target = event.target instanceof Element ? event.target.closest('[data-act]') : null;
    if (!target) return;
    const { act: kind, mid, element, index } = target.dataset;
    const body = { act: kind };
    if (mid) body.mid = mid;
    if (element) body.element = Number(element);
    if (index) body.index = Number(index);
    if (kind === 'start' && ref) { body.ref = ref; ref = undefined; }
    act(body);
  });

  document.getElementById('composer').addEventListener('submit', (event) => {
    event.preventDefault();
    const words = text.value.trim();
    if (words === '') return;
    text.value = '';
    act({ act: 'text', text: words });
  });

  const openLink = () => {
    if (!ref || phone.dataset.started !== 'true') return Promise.resolve();
    const opened = ref;
    ref = undefined;
    const url = new URL(location.href);
    url.searchParams.delete('ref');
    history.replaceState(null, '', url);
    return act({ act: 'referral', ref: opened });
  };

  const poll = () => { refresh().catch(() => undefined).finally(() => setTimeout(poll, 1000)); };
  openLink().then(poll);
})();
`;

export const PHONE_STYLE = `:root { color-scheme: light dark; font: 16px/1.4 system-ui, sans-serif; }
body { margin: 0 auto; max-width: 30rem; padding: 0 .75rem 1rem; }
header p, .hint { opacity: .75; font-size: .875rem; margin: .25rem 0; }
h1 { font-size: 1.1rem; margin: .75rem 0 0; }
h2 { font-size: 1rem; margin: .75rem 0 .25rem; }
label { display: inline-flex; gap: .35rem; align-items: center; }
button, input, select, .button { font: inherit; min-height: 2.75rem; border-radius: .6rem; padding: 0 .75rem; box-sizing: border-box; }
button, .button { cursor: pointer; border: 1px solid #7a869a; background: transparent; color: inherit; }
.chooser, #composer { display: flex; flex-wrap: wrap; gap: .5rem; margin: .5rem 0; }
#composer[hidden] { display: none; }
.chooser input { width: 8rem; }
.grow { flex: 1; }
.grow input { width: 100%; }
#thread { display: flex; flex-direction: column; gap: .5rem; height: 60vh; overflow-y: auto; border: 1px solid #7a869a; border-radius: 1rem; padding: .75rem; }
.message { max-width: 85%; border-radius: 1rem; padding: .4rem .75rem; overflow-wrap: anywhere; white-space: pre-wrap; }
.message p { margin: .2rem 0; }
.message.page { align-self: flex-start; background: #e4e6eb; color: #111; }
.message.person { align-self: flex-end; background: #0a5bd3; color: #fff; }
.message .button { display: flex; align-items: center; justify-content: center; width: 100%; margin: .3rem 0; background: #fff; color: #0a4bb0; text-decoration: none; }
.element { border-top: 1px solid #b0b6c0; padding: .4rem 0; }
.box { border: 1px dashed #7a869a; border-radius: .6rem; padding: 1.25rem; text-align: center; }
.quick-replies { display: flex; flex-wrap: wrap; gap: .4rem; justify-content: flex-end; }
.quick { border-radius: 2rem; }
.start { background: #0a5bd3; color: #fff; margin-top: auto; }
.menu { display: flex; flex-wrap: wrap; gap: .4rem; border-top: 1px solid #7a869a; padding-top: .5rem; margin-top: auto; }
.menu .button { display: inline-flex; align-items: center; text-decoration: none; color: inherit; }
.hidden { position: absolute; width: 1px; height: 1px; overflow: hidden; clip-path: inset(50%); }
#notice { min-height: 1.4em; }
:focus-visible { outline: 3px solid #f0a500; outline-offset: 2px; }
`;
