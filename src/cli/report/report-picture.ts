/** One example under one attack, as images side by side. */
export interface ReportPicture {
  /** The attack in the text form. */
  readonly spec: string;
  readonly key: string;
  readonly panels: readonly PicturePanel[];
}

export interface PicturePanel {
  /** What it shows, e.g. `perturbation × 32`. */
  readonly label: string;
  readonly png: Uint8Array;
}
