import './theme/index.css';
import { mount } from './shell/mount.tsx';
import { takeOpenedLinks } from './session/opened-links.ts';
import { portSource } from './session/ports.ts';
import { createSession } from './session/session.ts';
import { showTaskFailures } from './session/toasts.ts';

showTaskFailures();
const session = createSession();
portSource()((port) => session.attach(port));
takeOpenedLinks();
mount(session);
