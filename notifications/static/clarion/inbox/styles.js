/** One sheet for all elements, adopted and not written into the page, so that strict policies have nothing against it. */

const CSS = `
:host {
  --accent: var(--clarion-accent, light-dark(#3f4fcf, #95a3ff));
  --surface: var(--clarion-surface, light-dark(#fff, #181d27));
  --raised: var(--clarion-raised, light-dark(#f0f2f7, #222936));
  --line: var(--clarion-line, light-dark(#dfe3ea, #2b3342));
  --text: var(--clarion-text, light-dark(#18202c, #e8ecf3));
  --muted: var(--clarion-muted, light-dark(#566072, #a0aabb));
  --tint: var(--clarion-unread, light-dark(#f2f4ff, #1d2334));
  --info: var(--clarion-info, light-dark(#2b5fd0, #82aaff));
  --success: var(--clarion-success, light-dark(#1b7a45, #5fcf8f));
  --warning: var(--clarion-warning, light-dark(#955c00, #f0b04c));
  --error: var(--clarion-error, light-dark(#c22a2f, #ff8b86));
  --badge: var(--clarion-badge, light-dark(#d3282e, #e5484d));
  --round: var(--clarion-radius, 14px);
  --shadow: var(--clarion-shadow, 0 1px 2px rgb(0 0 0 / 10%), 0 10px 30px rgb(10 20 50 / 16%));
  display: block;
  color: var(--text);
  font: var(--clarion-font, inherit);
  line-height: 1.45;
  text-align: start;
  stroke-width: 2;
}
:host([theme="light"]) { color-scheme: light; }
:host([theme="dark"]) { color-scheme: dark; }
:host([theme="auto"]) { color-scheme: light dark; }
:host([hidden]), [hidden] { display: none !important; }
:host(notification-bell) { display: inline-block; }
:host(notification-inbox) { container-type: inline-size; }
*, ::before, ::after { box-sizing: border-box; }
p, h2, h3, ol { margin: 0; padding: 0; }
ol { list-style: none; }
svg { inline-size: 1.4em; block-size: 1.4em; fill: none; stroke: currentColor; stroke-linecap: round; stroke-linejoin: round; }
:focus-visible { outline: 2px solid var(--accent); outline-offset: 2px; }
.list:focus, .empty:focus { outline: none; }
button, select { min-block-size: 2.25rem; padding: .3rem .7rem; border: 1px solid var(--line); border-radius: 9px; background: var(--surface); color: inherit; font: inherit; font-size: .875rem; font-weight: 550; cursor: pointer; }
button:hover { background: var(--raised); }
button:disabled { opacity: .45; cursor: default; }
.quietly { position: absolute; inline-size: 1px; block-size: 1px; overflow: hidden; clip-path: inset(50%); white-space: nowrap; }

.header, .bar { display: flex; flex-wrap: wrap; align-items: center; gap: .4rem .7rem; padding: 0 .25rem .6rem; }
.heading, ::slotted([slot="header"]) { margin: 0; font-size: 1.125rem; letter-spacing: -.01em; }
.count { flex: 1; color: var(--muted); font-size: .875rem; font-variant-numeric: tabular-nums; white-space: nowrap; }
.status { display: flex; align-items: center; gap: .4rem; color: var(--muted); font-size: .8125rem; white-space: nowrap; }
.status i { inline-size: .5rem; block-size: .5rem; border-radius: 50%; background: var(--warning); animation: breathe 1.2s ease-in-out infinite; }
.status[data-status="live"] i { background: var(--success); animation: none; }
.status:is([data-status="offline"], [data-status="stopped"], [data-status="signed_out"]) i { background: var(--error); animation: none; }
.filters { display: flex; gap: 2px; padding: 2px; border-radius: 10px; background: var(--raised); }
.filter { min-block-size: 2rem; padding: .2rem .6rem; border: 0; border-radius: 8px; background: none; color: var(--muted); }
.filter[aria-pressed="true"] { background: var(--surface); box-shadow: 0 1px 2px rgb(0 0 0 / 14%); color: var(--text); }
.category { flex: 1 1 4.5rem; inline-size: 0; min-inline-size: 0; max-inline-size: 11rem; text-overflow: ellipsis; }
.read-all { margin-inline-start: auto; padding-inline: .3rem; border-color: transparent; background: none; color: var(--accent); white-space: nowrap; }
.complaint, .notice { padding: .55rem .8rem; border: 1px solid; border-radius: 10px; font-size: .9375rem; }
.complaint { margin-block-end: .6rem; background: var(--surface); color: var(--error); }

.list { overflow: hidden; border: 1px solid var(--line); border-radius: var(--round); background: var(--surface); }
.item, .toast { --level: var(--info); position: relative; display: grid; grid-template-columns: auto minmax(0, 1fr) auto; gap: .75rem; padding-block: .85rem; padding-inline: 1rem .4rem; }
[data-level="success"] { --level: var(--success); }
[data-level="warning"] { --level: var(--warning); }
[data-level="error"] { --level: var(--error); }
/* Of thousands of rows, only those in view are laid out. */
.item { content-visibility: auto; contain-intrinsic-size: auto 4.75rem; }
.item + .item, .skeleton + .skeleton { border-block-start: 1px solid var(--line); }
.item:hover { background: var(--raised); }
.item.is-unread { background: var(--tint); }
.item.is-unread::before { content: ""; position: absolute; inset-block: 0; inset-inline-start: 0; inline-size: 3px; background: var(--level); }
.item:focus-within:has(:focus-visible) { box-shadow: inset 0 0 0 2px var(--accent); }
.level { display: grid; place-items: center; inline-size: 2.1rem; block-size: 2.1rem; border-radius: 50%; background: color-mix(in srgb, var(--level) 14%, transparent); color: var(--level); }
.title { line-height: 1.35; overflow-wrap: anywhere; }
.open { display: inline; min-block-size: 0; padding: 0; border: 0; border-radius: 0; background: none; color: inherit; font-size: 1rem; font-weight: 500; text-align: start; text-decoration: none; overflow-wrap: anywhere; }
/* The whole row is the target; all else lies above it. */
.content > .title > .open::after { content: ""; position: absolute; inset: 0; }
.content > .title > .open:focus-visible { outline: none; }
.is-unread > .content > .title > .open { font-weight: 680; }
.is-urgent > .content > .title > .open { color: var(--level); }
.body { margin-block-start: .1rem; color: var(--muted); font-size: .9375rem; overflow-wrap: anywhere; white-space: pre-line; }
:is(.body, .meta, .actions, .actors):empty { display: none; }
.meta { display: flex; flex-wrap: wrap; margin-block-start: .25rem; color: var(--muted); font-size: .8125rem; overflow-wrap: anywhere; }
.time { position: relative; z-index: 1; }
.actors:not(:empty)::after { content: "·"; padding-inline: .4em; }
.actions { display: flex; flex-wrap: wrap; gap: .4rem; margin-block-start: .5rem; }
.action, .earlier { position: relative; z-index: 1; }
.action { padding: .3rem .75rem; border: 1px solid var(--line); border-radius: 8px; background: var(--surface); color: var(--accent); font-size: .875rem; font-weight: 600; text-decoration: none; overflow-wrap: anywhere; }
.action:hover { border-color: currentColor; }
.earlier { min-block-size: 2rem; margin-block-start: .3rem; padding: 0; border: 0; background: none; color: var(--accent); text-align: start; }
.thread { position: relative; z-index: 1; margin-block-start: .3rem; padding-inline-start: .8rem; border-inline-start: 2px solid var(--line); }
.thread li { padding-block: .35rem; }
.thread .open { font-size: .9375rem; }
.tools { display: flex; align-items: flex-start; }
.tools button, .close { position: relative; z-index: 1; display: grid; place-items: center; inline-size: 2.25rem; block-size: 2.25rem; padding: 0; border: 0; border-radius: 50%; background: none; color: var(--muted); }
.tools button:hover, .close:hover { background: color-mix(in srgb, var(--muted) 18%, transparent); color: var(--text); }
.dot { inline-size: 11px; block-size: 11px; border: 2px solid var(--muted); border-radius: 50%; opacity: .6; }
.is-unread .dot { border-color: var(--accent); background: var(--accent); opacity: 1; }
.more { stroke-width: 3; }
.put { opacity: 0; }
:is(.item:hover, .item:focus-within) .put { opacity: 1; }
.older { display: block; margin: .8rem auto 0; }
.empty { display: grid; justify-items: center; gap: .5rem; padding: 3rem 1.5rem; border: 1px dashed var(--line); border-radius: var(--round); color: var(--muted); text-align: center; }
.empty h3 { color: var(--text); font-size: 1.125rem; }
.skeleton { block-size: 4.75rem; background: radial-gradient(closest-side, var(--raised) 96%, transparent) 1rem 1.1rem / 2.1rem 2.1rem no-repeat, linear-gradient(var(--raised), var(--raised)) 4rem 1.2rem / 45% .8rem no-repeat, linear-gradient(var(--raised), var(--raised)) 4rem 2.6rem / 70% .7rem no-repeat; animation: breathe 1.6s ease-in-out infinite; }
.notice { position: sticky; inset-block-end: .75rem; z-index: 2; display: flex; align-items: center; justify-content: space-between; gap: 1rem; margin-block: .75rem 0; border: 0; background: light-dark(#232a38, #e8ecf3); box-shadow: var(--shadow); color: light-dark(#fff, #18202c); }
.undo { border: 0; background: none; color: light-dark(#aab6ff, #3f4fcf); }
:is(.open, .earlier, .undo):hover { background: none; }
:is(a.open, .earlier, .undo):hover { text-decoration: underline; }

[popover] { position: fixed; inset: auto; margin: 0; overflow: auto; border: 1px solid var(--line); border-radius: var(--round); background: var(--surface); box-shadow: var(--shadow); color: var(--text); }
.menu { inline-size: max-content; max-inline-size: calc(100vw - 1rem); padding: .35rem; }
.choice { display: flex; align-items: baseline; justify-content: space-between; gap: 1.25rem; inline-size: 100%; border: 0; border-radius: 8px; background: none; text-align: start; font-weight: 450; }
.choice small { color: var(--muted); white-space: nowrap; }
.choice:focus-visible { outline-offset: -2px; }

.bell { position: relative; display: grid; place-items: center; inline-size: 2.75rem; block-size: 2.75rem; padding: 0; border: 0; border-radius: 50%; background: none; font-size: 1.0625rem; }
.badge { position: absolute; inset-block-start: .1rem; inset-inline-start: 1.45rem; min-inline-size: 1.3rem; padding-inline: .35rem; border-radius: 99px; background: var(--badge); color: #fff; font-size: .75rem; font-weight: 700; line-height: 1.3rem; text-align: center; }
.panel { inline-size: min(28rem, 100vw - 1rem); padding: clamp(.5rem, 2.5vw, .9rem); }
.panel:popover-open { display: flex; flex-direction: column; overflow: hidden; }
.panel notification-inbox { flex: auto; min-block-size: 0; overflow: auto; overscroll-behavior: contain; }
.panel .all { display: block; padding-block-start: .6rem; color: var(--accent); font-size: .9375rem; text-align: center; }

.toasts { position: fixed; inset-block-end: 1rem; inset-inline-end: 1rem; z-index: var(--clarion-toasts-layer, 1000); display: grid; gap: .6rem; inline-size: min(23rem, 100vw - 2rem); }
.toast { border: 1px solid var(--line); border-radius: var(--round); background: var(--surface); box-shadow: var(--shadow); animation: rise .25s ease-out; }
.toast.is-urgent { border-color: var(--level); }
.toast .title .open { font-weight: 650; }
.toast .body { display: -webkit-box; overflow: hidden; -webkit-box-orient: vertical; -webkit-line-clamp: 3; }

@keyframes breathe { 50% { opacity: .45; } }
@keyframes rise { from { opacity: 0; translate: 0 .75rem; } }
@media (hover: none) { .put { display: none !important; } }
@container (max-width: 30rem) {
  .filters { flex: 1 0 100%; }
  .filter { flex: auto; }
  .item { gap: .6rem; padding-inline: .8rem .2rem; }
}
@container (max-width: 22rem) {
  .put { display: none !important; }
  .level { inline-size: 1.75rem; block-size: 1.75rem; font-size: .8125rem; }
  .tools { flex-direction: column; }
  .filter { padding-inline: .2rem; }
  .filter, .read-all { font-size: .8125rem; }
  .status[data-status="live"] span { position: absolute; overflow: hidden; inline-size: 1px; block-size: 1px; clip-path: inset(50%); }
}
@media (prefers-reduced-motion: reduce) {
  *, ::before { animation: none !important; }
}
`;

export const SHEET = new CSSStyleSheet();
SHEET.replaceSync(CSS);
