import { ERASURE_WORDS } from './words-erasure.rules';
import type { WordKind } from './words.types';

/** Words about one's own data, exact phrases only. */
export const PRIVACY_WORDS: Readonly<Record<Extract<WordKind, 'erase' | 'my_consent' | 'my_data'>, readonly string[]>> =
  {
    erase: Object.values(ERASURE_WORDS).flat(),
    my_consent: [
      'my consent',
      'mi consentimiento',
      'meu consentimento',
      'mon consentement',
      'meine einwilligung',
      'il mio consenso',
      'mijn toestemming',
      'moja zgoda',
    ],
    my_data: [
      'my data',
      'mis datos',
      'meus dados',
      'mes données',
      'meine daten',
      'i miei dati',
      'mijn gegevens',
      'moje dane',
    ],
  };
