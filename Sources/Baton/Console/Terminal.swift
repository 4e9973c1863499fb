import Foundation
import Glibc

/// What standard output is: a terminal to draw on, or a pipe.
struct Terminal: Sendable {
    /// Lines can be drawn again.
    var isInteractive: Bool
    var hasColour: Bool
    var width: Int
    var height: Int

    init(isInteractive: Bool = false, hasColour: Bool = false, width: Int = 100, height: Int = 40) {
        self.isInteractive = isInteractive
        self.hasColour = hasColour
        self.width = width
        self.height = height
    }

    /// Standard output's, as it is now; `NO_COLOR` counts when it is not empty (no-color.org).
    static func current(_ environment: [String: String] = ProcessInfo.processInfo.environment) -> Terminal {
        var terminal = Terminal()
        terminal.isInteractive = isatty(STDOUT_FILENO) == 1 && environment["TERM"] ?? "dumb" != "dumb"
        terminal.hasColour = terminal.isInteractive && environment["NO_COLOR", default: ""].isEmpty
        var size = winsize()
        if unsafe ioctl(STDOUT_FILENO, UInt(TIOCGWINSZ), &size) == 0, size.ws_col > 0 {
            terminal.width = Int(size.ws_col)
            terminal.height = max(4, Int(size.ws_row))
        } else if let columns = environment["COLUMNS"].flatMap(Int.init), columns > 0 {
            terminal.width = columns
        }
        terminal.width = min(max(terminal.width, 40), 160)
        return terminal
    }
}

/// How a word looks, where there is colour.
enum Ink: Int, Sendable {
    case plain = 0
    case bold = 1
    case dim = 2
    case red = 31
    case green = 32
    case yellow = 33
    case blue = 34
    case cyan = 36
}

/// A piece of text in one ink.
struct Styled: Sendable, Equatable, ExpressibleByStringInterpolation {
    var text: String
    var ink: Ink

    init(_ text: String, _ ink: Ink = .plain) {
        self.text = text
        self.ink = ink
    }

    init(stringLiteral value: String) { self.init(value) }

    /// - Parameter colour: without it, the text alone.
    func rendered(_ colour: Bool) -> String {
        colour && ink != .plain && !text.isEmpty ? "\u{1B}[\(ink.rawValue)m\(text)\u{1B}[0m" : text
    }
}

/// A line made of styled pieces.
typealias StyledLine = [Styled]

extension StyledLine {
    var displayWidth: Int { reduce(0) { $0 + $1.text.displayWidth } }
    func rendered(_ colour: Bool) -> String { map { $0.rendered(colour) }.joined() }

    /// Cut to a width, piece by piece.
    func cut(to width: Int) -> StyledLine {
        var rest = width
        var line: StyledLine = []
        for piece in self {
            guard rest > 0 else { break }
            line.append(Styled(piece.text.cut(to: rest), piece.ink))
            rest -= piece.text.displayWidth
        }
        return line
    }
}
