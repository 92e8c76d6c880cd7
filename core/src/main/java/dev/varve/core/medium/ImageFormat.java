package dev.varve.core.medium;

/**
 * The format of what is behind a medium. Those of VirtualBox's settings files are here; {@code
 * io.chain.Formats} lists those that Varve reads. Immutable.
 */
public enum ImageFormat {
  VDI("VDI"),
  VMDK("VMDK"),
  VHD("VHD"),
  VHDX("VHDX"),
  /** QCOW and QCOW2, which can only be read. */
  QCOW("QCOW"),
  QED("QED"),
  PARALLELS("Parallels"),
  DMG("DMG"),
  CUE("CUE"),
  /** A disk on the network; its location is no file. */
  ISCSI("iSCSI"),
  /** A disc that VirtualBox makes from a list of files. */
  VISO("VBoxIsoMaker"),
  /** A file or block device whose bytes are the disk's; it says nothing of itself. */
  RAW("RAW"),
  /** A DVD or floppy drive of the host; such media are in no registry. */
  HOST_DRIVE("HostDrive"),
  /** A settings file names a format that is none of these; what it says there stays. */
  OTHER("other");

  private final String text;

  ImageFormat(String text) {
    this.text = text;
  }

  /** The name in settings files, in JSON and on the command line. */
  public String text() {
    return text;
  }

  /** The format of this name, upper or lower case; {@link #OTHER} if there is none. */
  public static ImageFormat of(String text) {
    for (ImageFormat format : values())
      if (format != HOST_DRIVE && format.text.equalsIgnoreCase(text)) return format;
    return OTHER;
  }

  /** Whether an image of this format can be made as the child of another, whatever that is. */
  public boolean canDiffer() {
    return this == VDI || this == VMDK || this == VHD;
  }

  /**
   * Whether every differencing image of this format keeps the id of its parent. Of others, some say
   * only that they have one: then the settings file says which.
   */
  public boolean keepsParentId() {
    return this == VDI || this == VHD;
  }

  /** For people, as in settings files. */
  @Override
  public String toString() {
    return text;
  }
}
