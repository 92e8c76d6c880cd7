package dev.varve.core.medium;

/** Why the model refuses a call, by the names that programs for VirtualBox know. Immutable. */
public enum ErrorCode {
  /** An argument is outside its range, or does not fit the thing it is for. */
  E_INVALIDARG,
  /** It did not work; the message says why. */
  E_FAIL,
  /** The thing was used up by an operation before, for example merged away. */
  E_ACCESSDENIED,
  /** There is not enough room on the file system. */
  E_OUTOFMEMORY,
  /** There is no such thing. */
  VBOX_E_OBJECT_NOT_FOUND,
  /** The machine is in a state, or not locked, so that this cannot be done. */
  VBOX_E_INVALID_VM_STATE,
  /** The medium, session or snapshot is in a state that does not allow this. */
  VBOX_E_INVALID_OBJECT_STATE,
  /** The thing is in use, or the name is taken. */
  VBOX_E_OBJECT_IN_USE,
  /** This kind of thing cannot do it. */
  VBOX_E_NOT_SUPPORTED,
  /** A file cannot be opened, read or written. */
  VBOX_E_FILE_ERROR,
  /** A settings file is damaged. */
  VBOX_E_XML_ERROR
}
