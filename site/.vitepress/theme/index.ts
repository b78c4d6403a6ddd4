import { onContentUpdated, type Theme } from 'vitepress';
import DefaultTheme from 'vitepress/theme';
import './style.css';

/** The default theme marks the main part of every page except the start page. */
function markMain(): void {
  const content = document.getElementById('VPContent');
  if (content?.classList.contains('is-home')) content.setAttribute('role', 'main');
  else content?.removeAttribute('role');
}

export default {
  extends: DefaultTheme,
  setup: () => onContentUpdated(markMain),
} satisfies Theme;
