import type { WordKind } from './words.types';

/** Words about one's own data, exact phrases only. */
export const PRIVACY_WORDS: Readonly<Record<Extract<WordKind, 'erase' | 'my_consent' | 'my_data'>, readonly string[]>> =
  {
    erase: [
      'erase me',
      'erase my data',
      'delete me',
      'delete my data',
      'forget me',
      'borrar mis datos',
      'apagar meus dados',
      'supprimer mes données',
      'meine daten löschen',
      'cancella i miei dati',
      'verwijder mijn gegevens',
      'usuń moje dane',
    ],
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
