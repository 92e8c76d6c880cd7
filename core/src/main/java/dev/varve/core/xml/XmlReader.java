package dev.varve.core.xml;

import java.io.StringReader;
import java.nio.ByteBuffer;
import java.nio.charset.CharacterCodingException;
import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import javax.xml.stream.XMLInputFactory;
import javax.xml.stream.XMLStreamConstants;
import javax.xml.stream.XMLStreamException;
import javax.xml.stream.XMLStreamReader;
import org.jspecify.annotations.Nullable;

/**
 * Reads an XML file that may come from anywhere.
 *
 * <p>No document type, so no entities but the five of XML; nothing is fetched from anywhere; the
 * depth is bounded, and the caller bounds the size. Any thread.
 */
public final class XmlReader {

  /** Each of 250 snapshots in a row is two elements deep, and its hardware ten more. */
  static final int MAX_DEPTH = 600;

  // What the JDK's parser puts before the sentence for people.
  private static final String MESSAGE = "Message: ";

  private final String file;
  private final XMLStreamReader events;
  private final XmlScanner pieces;
  private final String source;
  private final List<XmlText> before = new ArrayList<>();
  private final List<XmlText> after = new ArrayList<>();
  private final StringBuilder text = new StringBuilder();
  private @Nullable XmlElement root;
  private @Nullable XmlElement open;
  private int depth;

  private XmlReader(String file, String source) throws XmlException {
    this.file = file;
    this.source = source;
    String body = source.startsWith("\uFEFF") ? source.substring(1) : source;
    if (source != body) before.add(new XmlText("\uFEFF", ""));
    this.pieces = new XmlScanner(body);
    try {
      this.events = factory().createXMLStreamReader(new StringReader(body));
    } catch (XMLStreamException e) {
      throw malformed(e);
    }
  }

  private static XMLInputFactory factory() {
    XMLInputFactory factory = XMLInputFactory.newDefaultFactory();
    factory.setProperty(XMLInputFactory.SUPPORT_DTD, false);
    factory.setProperty(XMLInputFactory.IS_SUPPORTING_EXTERNAL_ENTITIES, false);
    factory.setProperty(XMLInputFactory.IS_NAMESPACE_AWARE, true);
    // The JDK's own bound is lower than what deep snapshot trees need; ours stands in its place.
    factory.setProperty("jdk.xml.maxElementDepth", MAX_DEPTH + 1);
    return factory;
  }

  /**
   * Reads what a file holds.
   *
   * @param file for messages
   * @throws XmlException if it is not well formed, not UTF-8, too deep, or has a document type
   */
  public static XmlDocument read(String file, byte[] bytes) throws XmlException {
    String source;
    try {
      source = StandardCharsets.UTF_8.newDecoder().decode(ByteBuffer.wrap(bytes)).toString();
    } catch (CharacterCodingException e) {
      throw new XmlException(
          file + ": not UTF-8, and only UTF-8 is read; convert it, or bring back a saved copy");
    }
    return new XmlReader(file, source).document();
  }

  private XmlDocument document() throws XmlException {
    try {
      String encoding = events.getCharacterEncodingScheme();
      if (encoding != null && !encoding.toUpperCase(Locale.ROOT).equals("UTF-8"))
        throw refuse(1, "declares the encoding '%s'; only UTF-8 is read".formatted(encoding));
      boolean declared = source.startsWith("<?xml") || source.startsWith("\uFEFF<?xml");
      if (declared && events.getVersion() != null) before.add(new XmlText(pieces.markup(), ""));
      while (events.hasNext()) event(events.next());
    } catch (XMLStreamException e) {
      throw malformed(e);
    } catch (RuntimeException e) {
      // The JDK's parser answers some broken input with a failure of its own.
      throw refuse(pieces.line(), "not well-formed XML; bring back a saved copy");
    }
    if (root == null) throw refuse(1, "no element in it; bring back a saved copy");
    var document = new XmlDocument(before, root, after);
    // What cannot be written again as it was must not be read, or a save would damage it.
    if (!document.toString().equals(source))
      throw refuse(1, "written in a way that cannot be kept; save it with VirtualBox first");
    return document;
  }

  private void event(int event) throws XmlException {
    switch (event) {
      case XMLStreamConstants.START_ELEMENT -> start();
      case XMLStreamConstants.END_ELEMENT -> end();
      case XMLStreamConstants.CHARACTERS, XMLStreamConstants.CDATA, XMLStreamConstants.SPACE ->
          text.append(events.getText());
      case XMLStreamConstants.COMMENT, XMLStreamConstants.PROCESSING_INSTRUCTION -> {
        takeText();
        place(new XmlText(pieces.markup(), ""));
      }
      case XMLStreamConstants.END_DOCUMENT -> takeText();
      case XMLStreamConstants.DTD ->
          throw refuse(
              pieces.line(), "has a document type (DOCTYPE), which is not read; remove it");
      default -> throw refuse(pieces.line(), "holds XML of a kind that is not read; remove it");
    }
  }

  private void start() throws XmlException {
    takeText();
    int line = pieces.line();
    if (++depth > MAX_DEPTH)
      throw refuse(line, "more than %d elements deep, and no deeper is read".formatted(MAX_DEPTH));
    Map<String, String> values = new HashMap<>();
    for (int i = 0; i < events.getAttributeCount(); i++) {
      String prefix = events.getAttributePrefix(i);
      String local = events.getAttributeLocalName(i);
      boolean bare = prefix == null || prefix.isEmpty();
      values.put(bare ? local : prefix + ":" + local, events.getAttributeValue(i));
    }
    String namespace = events.getNamespaceURI();
    XmlElement element =
        XmlScanner.element(file, line, namespace == null ? "" : namespace, pieces.markup(), values);
    if (open != null) open.read(element);
    else root = element;
    open = element;
  }

  private void end() {
    takeText();
    XmlElement closed = open;
    if (closed == null) throw new IllegalStateException("an end tag outside of every element");
    if (!closed.isSelfClosing()) closed.readEnd(pieces.markup());
    open = closed.parent();
    depth--;
  }

  /** An element that closes itself has nothing before its end; all others may have text. */
  private void takeText() {
    if (open != null && open.isSelfClosing()) return;
    String raw = pieces.text();
    if (!raw.isEmpty()) place(new XmlText(raw, text.toString()));
    text.setLength(0);
  }

  private void place(XmlText node) {
    if (open != null) open.read(node);
    else if (root == null) before.add(node);
    else after.add(node);
  }

  private XmlException refuse(int line, String why) {
    return new XmlException("%s, line %d: %s".formatted(file, line, why));
  }

  private XmlException malformed(XMLStreamException e) {
    String message = String.valueOf(e.getMessage());
    int at = message.indexOf(MESSAGE);
    String reason = at < 0 ? message : message.substring(at + MESSAGE.length());
    int line = e.getLocation() == null ? 1 : e.getLocation().getLineNumber();
    return refuse(
        line,
        "not well-formed XML ("
            + reason.strip().replace('\n', ' ')
            + "); bring back a saved copy, or mend it");
  }
}
