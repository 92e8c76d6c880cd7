package dev.varve.core.xml;

/** A piece of an XML file, which knows how it stands there. */
sealed interface XmlNode permits XmlElement, XmlText {
  void write(StringBuilder out);
}
