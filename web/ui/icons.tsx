import type { Theme } from './model.ts';

const line = {
  viewBox: '0 0 24 24',
  fill: 'none',
  stroke: 'currentColor',
  'stroke-width': 1.8,
  'stroke-linecap': 'round',
  'stroke-linejoin': 'round',
  'aria-hidden': true,
} as const;

/** The mark: a pocket cut into a grid. Its middle cell is the one at work. */
export const Mark = () => (
  <svg class="mark" viewBox="0 0 32 32" aria-hidden="true">
    <path
      class="mark-cell"
      d="M5 5.5A2.5 2.5 0 0 1 7.5 3H11v7.5H5zM13 3h6v7.5h-6zM21 3h3.5A2.5 2.5 0 0 1 27 5.5v5h-6zM5 12.5h6V20H5.3zM21 12.5h6V20h-6z"
    />
    <path
      class="mark-cell"
      opacity=".7"
      d="M5.6 22H11v5.5A9 9 0 0 1 5.6 22zM13 22h6v6.6L16 29.5l-3-.9zM21 22h5.4A9 9 0 0 1 21 27.5z"
    />
    <path class="mark-lit" d="M13 12.5h6V20h-6z" />
  </svg>
);

export const PhoneIcon = () => (
  <svg {...line} aria-hidden="true">
    <rect x="7" y="2.5" width="10" height="19" rx="2.5" />
    <path d="M11 18.5h2" />
  </svg>
);

export const DashboardIcon = () => (
  <svg {...line} aria-hidden="true">
    <path d="M4 20V10M10 20V4M16 20v-7M21 20H3" />
  </svg>
);

export const VerdictIcon = () => (
  <svg {...line} aria-hidden="true">
    <path d="M12 3l7 3v5.5c0 4.5-3 7.7-7 9.5-4-1.8-7-5-7-9.5V6z" />
    <path d="M9 12l2.2 2.2L15.5 10" />
  </svg>
);

export const CoinIcon = () => (
  <svg {...line} aria-hidden="true">
    <ellipse cx="12" cy="6.5" rx="7" ry="3" />
    <path d="M5 6.5v5.5c0 1.7 3.1 3 7 3s7-1.3 7-3V6.5M5 12v5.5c0 1.7 3.1 3 7 3s7-1.3 7-3V12" />
  </svg>
);

export const ThemeIcon = ({ theme }: { theme: Theme }) => (
  <svg {...line} aria-hidden="true">
    {theme === 'dark' ? (
      <path d="M20 14.5A8.5 8.5 0 0 1 9.5 4 8.5 8.5 0 1 0 20 14.5z" />
    ) : (
      <circle cx="12" cy="12" r="4.5" fill={theme === 'auto' ? 'currentColor' : 'none'} />
    )}
    {theme === 'dark' ? null : (
      <path d="M12 2.5v2M12 19.5v2M2.5 12h2M19.5 12h2M5.3 5.3l1.4 1.4M17.3 17.3l1.4 1.4M5.3 18.7l1.4-1.4M17.3 6.7l1.4-1.4" />
    )}
  </svg>
);
