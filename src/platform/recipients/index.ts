export { callFiles } from './call-files';
export { postToRecipient } from './post-to-recipient';
