import AMQP
import Testing

@Suite
struct `A broker's URL` {
    @Test func `names host, port, user, password and virtual host`() throws {
        let settings = try AMQPSettings(url: "amqp://dispatcher:s%40cret%2F@broker.example:5673/a%2Fb")
        #expect(settings.host == "broker.example")
        #expect(settings.port == 5673)
        #expect(settings.user == "dispatcher")
        #expect(settings.password == "s@cret/")
        #expect(settings.virtualHost == "a/b")
        #expect(settings.tls == nil)
    }

    @Test func `leaves the rest to the protocol's defaults`() throws {
        let plain = try AMQPSettings(url: "amqp://")
        #expect(plain.host == "localhost" && plain.port == 5672 && plain.virtualHost == "/" && plain.user == "guest")
        #expect(try AMQPSettings(url: "amqp://host/").virtualHost == "")
        #expect(try AMQPSettings(url: "amqp://[::1]:5/v").host == "::1")
        #expect(try AMQPSettings(url: "amqp://[::1]").port == 5672)
    }

    @Test func `asks for TLS with amqps`() throws {
        let settings = try AMQPSettings(
            url: "amqps://host?cacertfile=/ca.pem&certfile=/c.pem&keyfile=/k.pem&heartbeat=3&connection_timeout=250")
        #expect(settings.port == 5671)
        #expect(settings.tls == AMQPSettings.TLS(authorities: "/ca.pem", certificate: "/c.pem", key: "/k.pem"))
        #expect(settings.heartbeat == .seconds(3))
        #expect(settings.connectTimeout == .milliseconds(250))
    }

    @Test(arguments: [
        "http://host", "host", "amqp://host:0", "amqp://host:port", "amqp://host:65536", "amqp://host/%zz",
        "amqp://host/%c3", "amqp://host?heartbeat=0", "amqp://host?color=red", "amqp://u:secret@host:x",
    ])
    func `is refused, and not repeated, when it makes no sense`(url: String) {
        let error = #expect(throws: AMQPError.self) { try AMQPSettings(url: url) }
        #expect(error?.code == .refused)
        #expect(error?.detail.contains("secret") == false)
    }
}
