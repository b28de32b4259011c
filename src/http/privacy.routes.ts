import { Router } from 'express';
import { namesOf, type FieldGroup, type Store } from '../domain/policies';
import { html, page, type SafeHtml } from './html';
import { refuseOtherMethods } from './other-methods';
import { facts } from './router';

const HOUR_SECONDS = 3_600;

/** What the program keeps about whom, for everybody: rendered from the map that the tests hold against the program. */
export function privacyRoutes(stores: readonly Store[]): Router {
  const router = Router();
  const asJson = { data: stores.map(presented) };
  const asPage = page('What is kept here', body(stores));
  router.get('/v1/privacy/data-map', (_req, res) => {
    facts(res).route = '/v1/privacy/data-map';
    res.setHeader('Cache-Control', `public, max-age=${String(HOUR_SECONDS)}`);
    res.json(asJson);
  });
  router.get('/privacy', (_req, res) => {
    facts(res).route = '/privacy';
    res.setHeader('Cache-Control', `public, max-age=${String(HOUR_SECONDS)}`);
    res.type('html').send(asPage);
  });
  for (const path of ['/v1/privacy/data-map', '/privacy']) refuseOtherMethods(router, path, ['GET']);
  return router;
}

const presented = (store: Store): object => ({
  name: store.name,
  kind: store.kind,
  holds: store.holds,
  retention: store.retention,
  fields: store.groups.flatMap((group) =>
    namesOf(group).map((name) => ({
      name,
      about: group.about,
      class: group.class,
      form: group.form,
      purpose: group.purpose,
    })),
  ),
});

const isAboutPeople = ({ groups }: Store): boolean => groups.some(({ about }) => about === 'person');
const isAboutAccounts = (store: Store): boolean =>
  !isAboutPeople(store) && store.groups.some(({ about }) => about === 'account');
const isTechnical = (store: Store): boolean => !isAboutPeople(store) && !isAboutAccounts(store);

const body = (stores: readonly Store[]): SafeHtml =>
  html`<h1>What is kept here</h1>
    <p>
      This is the whole list of what this program keeps: about people who write to a Page, about the accounts that use
      it, and about nobody. <a href="/v1/privacy/data-map">The same for programs</a>. If you wrote to a Page, write MY
      DATA in the conversation to see what is kept about you, and DELETE to have it deleted.
    </p>
    <p>
      What names a person, and what they wrote, lies as ciphertext under a key of their own; the key lies outside of the
      database and is destroyed with them. The lines marked "plain" below are what has to be read by the database itself
      to decide whether somebody may be written to: states and times, without a name.
    </p>
    ${part('About people who write to a Page', stores.filter(isAboutPeople))}
    ${part('About accounts', stores.filter(isAboutAccounts))} ${part('About nobody', stores.filter(isTechnical))}`;

const part = (title: string, stores: readonly Store[]): SafeHtml =>
  html`<h2>${title}</h2>
    ${stores.map(storeSection)}`;

const storeSection = (store: Store): SafeHtml =>
  html`<section>
    <h3>${store.holds} <code>${store.name}</code></h3>
    <p>How long: ${store.retention}</p>
    <table>
      <tr>
        <th>What</th>
        <th>What for</th>
        <th>How it lies there</th>
      </tr>
      ${store.groups.map(groupRow)}
    </table>
  </section>`;

const groupRow = (group: FieldGroup): SafeHtml =>
  html`<tr>
    <td>${namesOf(group).join(', ')}</td>
    <td>${group.purpose}</td>
    <td>${group.form}</td>
  </tr>`;
